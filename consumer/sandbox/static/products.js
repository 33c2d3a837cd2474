// The products of an event: a line each, a column for each of their fields.

import { badge, make } from "./dom.js";

const OF_PRODUCT = /^properties\.contents\[(\d+)\]\.(.+)$/;

/** Parts of products, by product: a map from the field's name to its part; and all others. */
export function splitProducts(parts) {
  const products = [];
  const others = [];
  for (const part of parts) {
    const [, place, name] = OF_PRODUCT.exec(part.path) ?? [];
    if (name === undefined) others.push(part);
    else (products[Number(place)] ??= new Map()).set(name, part);
  }
  return { products: Array.from(products, (product) => product ?? new Map()), others };
}

/** `label` names the table for those who do not see where it stands. */
export function productTable(products, label) {
  const uses = new Map();
  for (const product of products) for (const [name, part] of product) uses.set(name, part.use);
  const names = [...uses.keys()];
  const heads = names.map((name) => make("th", { scope: "col" }, name, make("span", { class: "muted" }, uses.get(name))));
  const lines = products.map((product, place) =>
    make("tr", {}, make("th", { scope: "row" }, String(place + 1)), ...names.map((name) => cell(product.get(name)))),
  );
  const head = make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "#"), ...heads));
  const table = make("table", { class: "products" }, head, make("tbody", {}, ...lines));
  return make("div", { class: "wide-table", tabindex: 0, role: "region", "aria-label": label }, table);
}

function cell(part) {
  if (part === undefined) return make("td", { class: "muted" }, "–");
  const text = typeof part.value === "string" ? part.value : JSON.stringify(part.value);
  const verdict = part.is_right ? null : badge(part.is_missing ? "missing" : part.verdict, "warn");
  return make("td", {}, part.is_missing ? null : text, " ", verdict);
}
