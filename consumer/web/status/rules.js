// Each rule: what it made, what was rejected, and which of its conditions failed first how often.

import { byId, make, numberOf, setText } from "./dom.js";
import { drawKeyed, part } from "./keyed.js";

const SENT = ["accepted", "forwarded"]; // of copies, only those with new fields are sent, too
const MOST_PLACES = 3;
const CELLS = ["events", "sent", "rejected", "left-out", "missed"];

export function showRules(rules) {
  drawKeyed(byId("rules"), Object.entries(rules), ([name]) => name, row, (child, [, rule]) => update(child, rule));
}

function row([name]) {
  const numbers = CELLS.map((cell) => make("td", { class: "number", "data-part": cell }));
  return make("tr", {}, make("th", { scope: "row" }, name), ...numbers, make("td", { class: "words", "data-part": "places" }));
}

function update(child, { events, rejected, missed, dropped_fields }) {
  const counts = {
    events: sum(Object.values(events)),
    sent: sum(SENT.map((outcome) => events[outcome] ?? 0)),
    rejected: sum(Object.values(rejected)),
    "left-out": dropped_fields,
    missed: sum(Object.values(missed)),
  };
  for (const cell of CELLS) setText(part(child, cell), numberOf(counts[cell]));
  const places = Object.entries(missed).sort(([, one], [, other]) => other - one);
  setText(part(child, "places"), places.slice(0, MOST_PLACES).map(([place, count]) => `${place}: ${numberOf(count)}`).join(", "));
}

const sum = (counts) => counts.reduce((total, count) => total + count, 0);
