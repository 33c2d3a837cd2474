// The ten stages of a record's way, with what each has done.

import { badge, byId, make, numberOf, setText } from "./dom.js";
import { plural } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

const RECORDS = new Set(["read", "decode", "settle"]); // the others count events
const DONE = { read: "read", decode: "decoded", route: "routed", deliver: "accepted", settle: "settled" };
const WAITING = { read: "in Kafka", decode: "await a schema", dedupe: "await copies", deliver: "unfinished" };
const NOT_WORTH_A_CHIP = new Set(["accepted", "sent", "rejected"]); // the stage's own numbers say it

export function showWay(stages) {
  drawKeyed(byId("way"), stages, (stage) => stage.name, item, update);
}

function item({ name }) {
  return make(
    "li",
    { class: "stage" },
    make("span", { class: "title" }, name),
    make("span", { class: "main" }, make("span", { "data-part": "count" }), " ", make("span", { class: "unit", "data-part": "unit" })),
    make("ul", { class: "chips", "data-part": "chips", "aria-label": `more of ${name}` }),
  );
}

function update(child, stage) {
  const unit = RECORDS.has(stage.name) ? "record" : "event";
  const isCounted = stage.passed !== null;
  const count = isCounted ? stage.passed : stage.waiting;
  setText(part(child, "count"), numberOf(count));
  setText(part(child, "unit"), isCounted ? `${plural(count, unit)} ${DONE[stage.name] ?? ""}`.trim() : `${plural(count, unit)} waiting`);
  const chips = part(child, "chips");
  const wanted = [...chipsOf(stage, isCounted)];
  chips.hidden = wanted.length === 0; // an empty list has nothing to say
  drawKeyed(chips, wanted, ([text]) => text, ([text, , kind]) => make("li", {}, badge(text, kind)), (chip, [text, shown]) => setText(chip.firstElementChild, shown ?? text));
}

/** Name, text and kind of each. */
function* chipsOf(stage, isCounted) {
  if (stage.rejected) yield ["rejected", `${numberOf(stage.rejected)} rejected`, "bad"];
  if (isCounted && stage.waiting) {
    yield ["waiting", `${numberOf(stage.waiting)} ${WAITING[stage.name] ?? "waiting"}`, "warn"];
  }
  for (const [name, count] of Object.entries(stage.notes)) {
    if (!NOT_WORTH_A_CHIP.has(name)) yield [`note ${name}`, `${numberOf(count)} ${name}`, ""];
  }
}
