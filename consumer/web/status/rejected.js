// The last dead letters: where the record stands, by which rule, why, and the command that explains it.

import { byId, make, numberOf, setText } from "./dom.js";
import { ageOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";
import { rejection, showLetter } from "./rejection.js";
import { WholeOnDemand } from "./whole.js";

const AT_FIRST = 3;
let redraw = () => undefined;
const whole = new WholeOnDemand("all-rejected", AT_FIRST, () => redraw());

export function showRejected(rejected, total, now) {
  redraw = () => draw(rejected, total, now);
  redraw();
}

function draw(rejected, total, now) {
  byId("no-rejected").hidden = rejected.length > 0;
  whole.say(rejected.length, `Show all ${rejected.length}`, `Show the ${AT_FIRST} newest`);
  const shown = whole.shown(rejected);
  setText(byId("rejected-of"), rejected.length ? `the ${shown.length} newest of ${numberOf(total)}` : "");
  drawKeyed(byId("rejected"), shown, keyOf, item, (child, letter) => update(child, letter, now));
}

const keyOf = ({ topic, partition, offset, rule, pixel, at }) => JSON.stringify([topic, partition, offset, rule, pixel, at]);

function item({ topic, partition, offset, rule, pixel, reason, request_id: request }) {
  const by = [rule && `rule ${rule}`, pixel && `pixel ${pixel}`, request && `request ${request}`].filter(Boolean).join(", ");
  const facts = [
    make("code", {}, `${topic}[${partition}] offset ${offset}`),
    make("span", { class: "muted" }, by),
    make("span", { class: "muted end", "data-part": "age" }),
  ];
  return rejection(reason, facts, `offset ${offset} of ${topic}[${partition}]`);
}

function update(child, { at, detail, explain }, now) {
  setText(part(child, "age"), `${ageOf(now - at)} ago`);
  showLetter(child, detail, explain);
}
