// Every record read is accounted for: the sum is shown, and whether it is even.

import { byId, make, numberOf, setText } from "./dom.js";
import { drawKeyed, part } from "./keyed.js";

export function showLedger(ledger) {
  const settled = Object.entries(ledger.settled);
  const total = settled.reduce((sum, [, count]) => sum + count, 0);
  const isEven = ledger.read === total + ledger.released + ledger.in_flight;
  const sum = `${numberOf(ledger.read)} read = ${numberOf(total)} settled + ${numberOf(ledger.released)} released + ${numberOf(ledger.in_flight)} in flight`;
  setText(byId("balance"), `${sum} ${isEven ? "✓" : "✗ does not add up"}`);
  const counts = [["read", ledger.read], ...settled, ["released", ledger.released], ["in flight", ledger.in_flight]];
  drawKeyed(byId("ledger"), counts, ([name]) => name, item, (child, [, count]) => setText(part(child, "count"), numberOf(count)));
}

function item([name]) {
  return make("li", {}, make("span", { class: "label" }, name), make("span", { class: "count", "data-part": "count" }));
}
