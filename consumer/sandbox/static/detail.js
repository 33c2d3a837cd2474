// Everything about one accepted event, when it is opened.

import { ask, badge, dateOf, indented, make } from "./dom.js";

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
    heading("Field by field"),
    make("dl", { class: "parts" }, ...event.parts.map(part)),
    heading("Exactly as sent"),
    source(indented(event.exact), "The event's JSON"),
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
    lines.push(heading("What TikTok makes of them"), source(JSON.stringify(event.merged, null, 2), "The merged event"));
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
  return make(
    "div",
    {},
    make("dt", {}, one.path),
    make("dd", {}, make("span", { class: "value" }, text), " ", badge(one.verdict, one.is_right ? "good" : "warn")),
    make("dd", { class: "use" }, `${one.use} `, make("span", { class: "muted" }, `Form: ${one.form}.`)),
  );
}
