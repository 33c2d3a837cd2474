// Requests that were not accepted, and why.

import { badge, byId, dateOf, dayOf, indented, make } from "./dom.js";

const LIMIT = 100;

export function clearRefusals() {
  byId("refusals").replaceChildren();
  byId("no-refusals").hidden = false;
}

export function addRefusals(refusals) {
  const list = byId("refusals");
  list.prepend(...refusals.map(item).reverse());
  while (list.children.length > LIMIT) list.lastElementChild.remove();
  byId("no-refusals").hidden = list.children.length > 0;
}

function item(refused) {
  const what = refused.code === null ? `HTTP ${refused.status ?? "none"}` : String(refused.code);
  const summary = make(
    "summary",
    {},
    make("span", { class: "time" }, dayOf(refused.received_at)),
    make("span", {}, badge(what, refused.is_told ? "warn" : "bad")),
    make("span", { class: "message" }, refused.message),
  );
  const details = make("details", { class: "refusal" }, summary);
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(detail(refused));
  });
  return make("li", {}, details);
}

function detail(refused) {
  const fact = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
  const facts = make(
    "dl",
    { class: "facts" },
    fact("received", dateOf(refused.received_at)),
    fact("pixel", refused.pixel ?? "none named"),
    fact("request", refused.request_id),
    fact("cause", refused.is_told ? "the sandbox was set to misbehave" : "the request"),
  );
  const box = make("div", { class: "detail" }, facts);
  if (refused.event !== null) {
    const label = "The event at fault";
    const name = `${label} in request ${refused.request_id}`; // others may be open, too
    const source = make("pre", { tabindex: 0, role: "region", "aria-label": name }, indented(refused.event));
    box.append(make("h3", {}, label), source);
  }
  return box;
}
