// Fields that were left out of events: how often, what is wrong with them, and what to do.

import { byId, make, numberOf, setText } from "./dom.js";
import { drawKeyed, part } from "./keyed.js";

const AT_FIRST = 4;
let isWhole = false;
let latest = [];

byId("all-fields").addEventListener("click", () => {
  isWhole = !isWhole;
  draw();
});

export function showFields(fields) {
  latest = fields;
  draw();
}

function draw() {
  byId("fields-section").hidden = latest.length === 0;
  const button = byId("all-fields");
  button.hidden = latest.length <= AT_FIRST;
  setText(button, isWhole ? `Show the ${AT_FIRST} most frequent` : `Show all ${numberOf(latest.length)}`);
  drawKeyed(byId("fields"), isWhole ? latest : latest.slice(0, AT_FIRST), ({ field, problem }) => `${field} ${problem}`, item, (child, { count }) => setText(part(child, "count"), numberOf(count)));
}

function item({ field, problem, text, remedy }) {
  return make(
    "li",
    {},
    make("span", { class: "count", "data-part": "count" }),
    make("div", {}, make("code", {}, field), make("span", { title: problem }, ` ${text}`), make("p", { class: "muted" }, remedy)),
  );
}
