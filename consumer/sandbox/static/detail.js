// Everything about one accepted event, when it is opened.

import { ask, badge, dateOf, indented, make } from "./dom.js";
import { copyButton } from "./copy.js";
import { productTable, splitProducts } from "./products.js";

const FATES = {
  first: "The first of its key: counted.",
  merged: "A copy within five minutes of the first: TikTok fills in what the first lacked, and counts one event.",
  dropped: "A copy after five minutes and within 48 hours: TikTok drops it.",
  no_id: "No event_id: TikTok cannot see that it is a copy, and counts it every time.",
};

export async function showDetail(box, seq) {
  try {
    box.replaceChildren(...detail(await ask("GET", `/sandbox/events/${seq}`)));
  } catch (error) {
    box.replaceChildren(make("p", { class: "empty" }, error.message));
  }
}

function detail(event) {
  return [
    facts(event),
    ...keys(event),
    ...warnings(event),
    ...copies(event),
    ...fields(event),
    make("div", { class: "titled" }, heading("Exactly as sent"), copyButton("Copy JSON", event.exact)),
    source(indented(event.exact), `The event's JSON, number ${event.seq}`),
  ];
}

function fields({ parts, seq }) {
  const { products, others } = splitProducts(parts);
  const sent = others.filter((one) => !one.is_missing);
  const missing = others.filter((one) => one.is_missing);
  return [
    heading("Field by field"),
    make("dl", { class: "parts" }, ...sent.map(part), ...missing.map(part)),
    ...(products.length ? [heading(`Products (${products.length})`), productTable(products, `Products of event ${seq}`)] : []),
  ];
}

const heading = (text) => make("h3", {}, text);
const source = (text, label) => make("pre", { tabindex: 0, role: "region", "aria-label": label }, text);

function facts(event) {
  const fact = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
  return make(
    "dl",
    { class: "facts" },
    fact("received", dateOf(event.received_at)),
    fact("pixel", event.pixel),
    fact("test event code", event.test_event_code ?? "none"),
    fact("request", event.request_id),
    fact("answer", event.answered ? "accepted" : "withheld: the sender got no answer"),
  );
}

function keys(event) {
  const chips = event.match_keys.map((key) => make("li", {}, badge(key.replaceAll("_", " "), "good")));
  const none = make("p", {}, badge("none: TikTok cannot know whose event this is", "bad"));
  return [heading("Match keys"), chips.length ? make("ul", { class: "chips" }, ...chips) : none];
}

function warnings(event) {
  if (!event.warnings.length) return [];
  const items = event.warnings.map((warned) => make("li", {}, make("code", {}, warned.field), ` ${warned.what}`));
  return [heading("Warnings"), make("ul", { class: "warnings" }, ...items)];
}

function copies(event) {
  const lines = [heading("Copies"), make("p", {}, FATES[event.fate])];
  if (!event.copies.length) return lines;
  lines.push(make("ol", { class: "copies" }, ...event.copies.map((copy) => oneCopy(copy, event.seq))));
  if (event.merged) {
    const merged = JSON.stringify(event.merged, null, 2);
    const title = make("div", { class: "titled" }, heading("What TikTok makes of them"), copyButton("Copy merged JSON", merged));
    lines.push(title, source(merged, `The merged event of number ${event.seq}`));
  }
  return lines;
}

function oneCopy(copy, own) {
  const kind = { first: "good", merged: "warn", dropped: "bad" }[copy.fate];
  const fills = copy.fate === "merged" ? ` fills in: ${copy.filled.join(", ") || "nothing"}` : "";
  const mark = copy.seq === own ? " (this one)" : "";
  return make("li", {}, `${dateOf(copy.received_at)} `, badge(copy.fate, kind), fills, mark);
}

function part(one) {
  const text = typeof one.value === "string" ? one.value : JSON.stringify(one.value);
  const verdict = badge(one.verdict, one.is_right ? "good" : "warn");
  return make(
    "div",
    one.is_missing ? { class: "missing" } : {},
    make("dt", {}, one.path),
    make("dd", {}, one.is_missing ? null : make("span", { class: "text" }, text), " ", verdict),
    make("dd", { class: "use" }, `${one.use} `, make("span", { class: "muted" }, `Form: ${one.form}.`)),
  );
}
