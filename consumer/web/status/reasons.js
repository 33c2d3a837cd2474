// Why records are rejected: each reason with its count, first and last time, and the command that explains the last one.

import { byId, dateOf, make, setText } from "./dom.js";
import { ageOf, countOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";
import { rejection, showLetter } from "./rejection.js";

export function showReasons(reasons, isFirst, now) {
  const section = byId("reasons-section");
  section.hidden = reasons.length === 0;
  if (isFirst && !section.classList.contains("first")) section.querySelector("details").open = true;
  section.classList.toggle("first", isFirst); // the breaker is open: this is what to look at
  setText(byId("reasons-of"), `${countOf(reasons.length, "reason")}, ${countOf(lettersOf(reasons), "dead letter")}`);
  drawKeyed(byId("rejected-reasons"), reasons, ({ reason }) => reason, item, (child, reason) => update(child, reason, now));
}

/** How many dead letters: a record has one for each rule that rejects it. */
export const lettersOf = (reasons) => reasons.reduce((sum, { count }) => sum + count, 0);

function item({ reason }) {
  const facts = [make("span", { "data-part": "count" }), make("span", { class: "muted end", "data-part": "times" })];
  return rejection(reason, facts, `the last record rejected as ${reason}`);
}

function update(child, { count, first_at: first, last_at: last, detail, explain }, now) {
  showLetter(child, `The last one: ${detail}`, explain);
  setText(part(child, "count"), countOf(count, "dead letter"));
  setText(part(child, "times"), `first ${dateOf(first)}, last ${ageOf(now - last)} ago`);
}
