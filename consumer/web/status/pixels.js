// Each pixel: its state, since when, why, and what a person can do.

import { badge, byId, make, numberOf, setText } from "./dom.js";
import { ageOf, countOf, sinceOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

const OUTCOMES = ["accepted", "forwarded", "merged", "duplicate", "removed", "rejected", "parked", "shadow"];
const KIND = { open: "good", throttled: "warn", unavailable: "warn", held: "bad" };

export function showPixels(pixels, now) {
  const closed = Object.entries(pixels).filter(([, { state }]) => state !== "open");
  byId("closed").hidden = closed.length === 0;
  setText(byId("closed").firstElementChild, closed.length ? `${closed.map(([name, { state }]) => `${name} is ${state}`).join(", ")}.` : "");
  drawKeyed(byId("pixels"), Object.entries(pixels), ([name]) => name, item, (child, [, pixel]) => update(child, pixel, now));
}

function item([name]) {
  return make(
    "li",
    { class: "pixel" },
    make(
      "div",
      { class: "line1" },
      make("span", { class: "name" }, name),
      make("span", { "data-part": "state" }),
      make("span", { class: "muted", "data-part": "since" }),
      make("span", { class: "muted end", "data-part": "counts" }),
    ),
    make("p", { class: "why", "data-part": "why" }),
    make("p", { class: "remedy", "data-part": "remedy" }),
  );
}

function update(child, pixel, now) {
  const state = part(child, "state");
  if (state.textContent !== pixel.state) state.replaceChildren(badge(pixel.state, KIND[pixel.state]));
  setText(part(child, "since"), sinceOf(pixel.since, now));
  setText(part(child, "counts"), countsOf(pixel));
  setText(part(child, "why"), whyOf(pixel, now));
  part(child, "why").hidden = !pixel.why;
  const remedy = part(child, "remedy");
  setText(remedy, pixel.remedy);
  remedy.hidden = !pixel.remedy;
  remedy.classList.toggle("bad", pixel.state === "held");
}

function countsOf({ events, waiting_events: waiting }) {
  const counts = OUTCOMES.filter((name) => events[name]).map((name) => `${numberOf(events[name])} ${name}`);
  if (waiting) counts.unshift(`${countOf(waiting, "event")} waiting`);
  return counts.join(", ");
}

function whyOf({ why, next_try: nextTry }, now) {
  if (nextTry === null) return `${why}.`;
  const wait = nextTry - now;
  return `${why}. Next try ${wait < 1 ? "now" : `in ${ageOf(wait)}`}, if an event waits.`;
}
