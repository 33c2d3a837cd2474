// What the stages do not say: how whole records ended, as shares, and whether every one is accounted for.

import { byId, make, numberOf, setText } from "./dom.js";
import { percentOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

const OUTCOMES = ["sent", "merged", "duplicate", "dropped", "parked", "rejected"];
const nameOf = ([name]) => name;

export function showLedger(ledger) {
  const { read, settled, released, in_flight: inFlight } = ledger;
  const outcomes = [...new Set([...OUTCOMES, ...Object.keys(settled)])].map((name) => [name, settled[name] ?? 0]);
  const parts = [...outcomes, ["released", released], ["in flight", inFlight]];
  const total = parts.reduce((sum, [, count]) => sum + count, 0);
  const isEven = read === total;
  const balance = byId("balance");
  setText(balance, isEven ? "adds up ✓" : "✗ does not add up");
  balance.dataset.state = isEven ? "live" : "lost";
  setText(byId("ledger-words"), isEven ? wordsOf(read, released, inFlight) : sumOf(read, total, released, inFlight));
  const shown = parts.filter(([, count]) => count > 0).map(([name, count]) => [name, count, count / total]);
  byId("ledger-bar").hidden = shown.length === 0;
  drawKeyed(byId("ledger-bar"), shown, nameOf, () => make("span", {}), (child, [, , share]) => (child.style.flexGrow = String(share)));
  drawKeyed(byId("ledger"), shown, nameOf, item, update);
}

/** What is not settled; the rest needs no number of its own. */
function wordsOf(read, released, inFlight) {
  if (read === 0) return "No record is read yet.";
  const open = [inFlight && `${numberOf(inFlight)} in flight`, released && `${numberOf(released)} released, to be read again`].filter(Boolean);
  return `Every record read is settled${open.length ? `, but ${open.join(" and ")}` : ""}.`;
}

function sumOf(read, total, released, inFlight) {
  return `${numberOf(read)} read, and not ${numberOf(total - released - inFlight)} settled + ${numberOf(released)} released + ${numberOf(inFlight)} in flight.`;
}

function item([name]) {
  return make("li", {}, make("span", { class: "label" }, name), make("span", { class: "count", "data-part": "share" }));
}

function update(child, [, count, share]) {
  setText(part(child, "share"), percentOf(share));
  child.title = `${numberOf(count)} ${count === 1 ? "record" : "records"}`;
}
