// The way of a record: at each of the ten stages, what leaves there, what waits there, and what goes on.
// What goes on is a number only where it is a new one: records read, events made of them, events to send, accepted, settled.
// Between these, what leaves is the difference.

import { badge, byId, make, numberOf, setText } from "./dom.js";
import { plural } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

const RECORDS = new Set(["read", "decode", "settle"]); // the others count events
const NEW = { read: ["record", "records"], route: ["event made", "events made"], validate: ["event to send", "events to send"], deliver: ["accepted", "accepted"], settle: ["settled", "settled"] };
const WAITING = { read: "in Kafka", decode: "await a schema", dedupe: "await copies", settle: "await Kafka" };
// What leaves a stage, of what it counts; results of requests and outcomes of records are shown elsewhere.
const LEAVING = { decode: ["tombstones"], route: ["no rule"], validate: ["shadow"], dedupe: ["merged", "duplicate", "removed"] };
const STAYING = { normalize: ["fields left out"], validate: ["remarks"], dedupe: ["forwarded"] };
const DETAILS = { "fields left out": "#fields-title" };

export function showWay(stages, pixels) {
  const parked = Object.values(pixels).reduce((sum, { events }) => sum + (events.parked ?? 0), 0);
  drawKeyed(byId("way"), [...rows(stages, parked)], ({ name }) => name, item, update);
}

/** Each stage with its chips, and what goes on: a number and its unit, or words. */
function* rows(stages, parked) {
  const before = {}; // by unit, the number that was shown last
  for (const stage of stages) {
    const { name, notes } = stage;
    const unit = RECORDS.has(name) ? "record" : "event";
    const chips = [...chipsOf(stage, parked)];
    const passed = name === "validate" ? stage.passed - (notes.shadow ?? 0) : stage.passed;
    const isNew = name in NEW && passed !== before[unit];
    if (isNew) before[unit] = passed;
    yield { name, chips, ...(isNew ? { count: numberOf(passed), unit: plural(passed, ...NEW[name]) } : restOf(name, chips)) };
  }
}

/** Of a stage that has no new number. */
function restOf(name, chips) {
  const doesLeave = chips.some(([, , kind]) => kind !== "aside");
  return { count: name in NEW || !doesLeave ? "all" : "the rest", unit: name === "deliver" || name === "settle" ? NEW[name][0] : "", isRest: true };
}

/** Name, text and kind of each: `bad` and `` leave here, `warn` waits here, `aside` goes on all the same. */
function* chipsOf({ name, rejected, waiting, notes }, parked) {
  if (rejected) yield ["rejected", `${numberOf(rejected)} rejected`, "bad"];
  for (const note of LEAVING[name] ?? []) if (notes[note]) yield [note, `${numberOf(notes[note])} ${note}`, ""];
  if (name === "deliver" && parked) yield ["parked", `${numberOf(parked)} parked`, ""];
  if (waiting) yield ["waiting", `${numberOf(waiting)} ${WAITING[name] ?? "waiting"}`, "warn"];
  for (const note of STAYING[name] ?? []) if (notes[note]) yield [note, `${numberOf(notes[note])} ${note}`, "aside"];
}

function item({ name }) {
  const number = make("span", { class: "on" }, make("span", { class: "count", "data-part": "count" }), " ", make("span", { class: "unit", "data-part": "unit" }));
  const chips = make("ul", { class: "chips", "data-part": "chips", "aria-label": `leaves or waits at ${name}` });
  return make("li", { class: "stage stage-line" }, make("span", { class: "name" }, name), chips, number);
}

function update(child, { chips, count, unit, isRest = false }) {
  setText(part(child, "count"), count);
  part(child, "count").classList.toggle("muted", isRest);
  setText(part(child, "unit"), unit);
  const list = part(child, "chips");
  list.hidden = chips.length === 0; // an empty list has nothing to say
  drawKeyed(list, chips, ([chip]) => chip, chipOf, (chip, [, text]) => setText(chip.firstElementChild, text));
}

function chipOf([name, text, kind]) {
  if (kind !== "aside") return make("li", {}, badge(text, kind));
  return make("li", {}, DETAILS[name] ? make("a", { class: "aside", href: DETAILS[name] }, text) : make("span", { class: "aside" }, text));
}
