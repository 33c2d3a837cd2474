// Fields that were left out of events: how often, what is wrong with them, and what to do.

import { byId, make, numberOf, setText } from "./dom.js";
import { drawKeyed, part } from "./keyed.js";
import { WholeOnDemand } from "./whole.js";

const AT_FIRST = 4;
const whole = new WholeOnDemand("all-fields", AT_FIRST, () => draw());
let latest = [];

export function showFields(fields) {
  latest = fields;
  draw();
}

function draw() {
  byId("fields-section").hidden = latest.length === 0;
  whole.say(latest.length, `Show all ${numberOf(latest.length)}`, `Show the ${AT_FIRST} most frequent`);
  drawKeyed(byId("fields"), whole.shown(latest), ({ field, problem }) => `${field} ${problem}`, item, (child, { count }) => setText(part(child, "count"), numberOf(count)));
}

function item({ field, problem, text, remedy }) {
  return make(
    "li",
    {},
    make("span", { class: "count", "data-part": "count" }),
    make("div", {}, make("code", {}, field), make("span", { title: problem }, ` ${text}`), make("p", { class: "muted" }, remedy)),
  );
}
