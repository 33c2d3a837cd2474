// Calls of the Events API: how long they took in the last minutes, and how they were answered since the start.

import { badge, byId, make, numberOf, setText } from "./dom.js";
import { ageOf, durationOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

const MINUTE_S = 60; // more than a minute is said in whole ones: it would be another text each second
const KIND = { accepted: "good", refused: "bad", forbidden: "bad", throttled: "warn", unavailable: "warn" };

export function showRequests({ recent, by_result: results }) {
  setText(byId("requests-of"), `the last ${ageOf(recent.over_s < MINUTE_S ? recent.over_s : recent.over_s - (recent.over_s % MINUTE_S))}`);
  drawKeyed(byId("request-times"), [...figures(recent)], ([name]) => name, item, (child, [, text]) => setText(part(child, "count"), text));
  const known = Object.entries(results).filter(([, count]) => count > 0);
  byId("request-results").hidden = known.length === 0;
  drawKeyed(byId("results"), known, ([name]) => name, chip, (child, [name, count]) => setText(child.firstElementChild, `${numberOf(count)} ${name}`));
}

function* figures({ count, mean_s: mean, p95_s: most, by_edge: byEdge }) {
  yield ["answered", numberOf(count)];
  if (count === 0) return;
  yield ["mean", durationOf(mean)];
  yield most === null ? ["more than 5 % took", `> ${durationOf(lastEdge(byEdge))}`] : ["95 % within", durationOf(most)];
}

const lastEdge = (byEdge) => Math.max(...Object.keys(byEdge).filter((edge) => edge !== "+Inf").map(Number));

function item([name]) {
  return make("li", {}, make("span", { class: "label" }, name), make("span", { class: "count", "data-part": "count" }));
}

const chip = ([name]) => make("li", {}, badge("", KIND[name] ?? ""));
