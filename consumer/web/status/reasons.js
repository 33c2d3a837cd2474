// Why records are rejected: each reason with its count, first and last time, and the command that explains the last one.

import { command } from "./command.js";
import { badge, byId, dateOf, make, numberOf, setText } from "./dom.js";
import { ageOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

export function showReasons(reasons, isFirst, now) {
  const section = byId("reasons-section");
  section.hidden = reasons.length === 0;
  section.classList.toggle("first", isFirst); // the breaker is open: this is what to look at
  drawKeyed(byId("rejected-reasons"), reasons, keyOf, item, (child, reason) => update(child, reason, now));
}

const keyOf = ({ reason, explain }) => `${reason} ${explain}`;

function item({ reason, detail, explain }) {
  return make(
    "li",
    { class: "rejected" },
    make(
      "div",
      { class: "line1" },
      badge(reason, "bad"),
      make("span", { "data-part": "count" }),
      make("span", { class: "muted end", "data-part": "times" }),
    ),
    make("p", { class: "why" }, `The last one: ${detail}`),
    command(explain, `the last record rejected as ${reason}`),
  );
}

function update(child, { count, first_at: first, last_at: last }, now) {
  setText(part(child, "count"), `${numberOf(count)} ${count === 1 ? "record" : "records"}`);
  setText(part(child, "times"), `first ${dateOf(first)}, last ${ageOf(now - last)} ago`);
}
