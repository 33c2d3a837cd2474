// Sparklines of the last 15 minutes, one point each ten seconds.

import { byId, make, numberOf, setText } from "./dom.js";
import { rateOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

const POINTS = 90;
const EVERY_S = 10;
const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 30;
const CURVES = [
  { name: "records read per s", value: (sample) => sample.read_per_s, text: rateOf },
  { name: "events accepted per s", value: (sample) => sample.accepted_per_s, text: rateOf },
  { name: "dead letters per s", value: (sample) => sample.rejected_per_s, text: rateOf, kind: "bad" },
  { name: "lag in records", value: (sample) => sample.lag, text: numberOf },
  { name: "records in flight", value: (sample) => sample.in_flight, text: numberOf },
];

export function showPast(history) {
  byId("no-past").hidden = history.length > 0;
  const shown = history.length ? CURVES : [];
  drawKeyed(byId("past"), shown, ({ name }) => name, figure, (child, curve) => update(child, curve, history));
}

function figure({ name, kind }) {
  const svg = draw("svg", { class: `spark ${kind ?? ""}`, viewBox: `0 0 ${POINTS - 1} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "data-part": "svg" });
  svg.append(draw("path", { class: "area" }), draw("path", { class: "line" }));
  const caption = make("figcaption", {}, make("span", {}, name), make("span", { class: "count", "data-part": "now" }));
  return make("figure", {}, caption, svg, make("span", { class: "muted", "data-part": "most" }));
}

function update(child, { name, value, text }, history) {
  const newest = history[history.length - 1];
  const most = Math.max(...history.map(value));
  const points = history.map((sample) => {
    const x = POINTS - 1 - (newest.at - sample.at) / EVERY_S;
    return [x, HEIGHT - (most ? (value(sample) / most) * (HEIGHT - 2) : 0)];
  });
  setText(part(child, "now"), text(value(newest)));
  setText(part(child, "most"), `highest ${text(most)}`);
  const svg = part(child, "svg");
  svg.setAttribute("aria-label", `${name}: now ${text(value(newest))}, highest ${text(most)}`);
  const line = points.map(([x, y], place) => `${place ? "L" : "M"}${x} ${y.toFixed(2)}`).join("");
  svg.querySelector(".line").setAttribute("d", points.length > 1 ? line : `${line}h-1`);
  svg.querySelector(".area").setAttribute("d", `${line}V${HEIGHT}H${points[0][0]}Z`);
}

function draw(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value));
  return element;
}
