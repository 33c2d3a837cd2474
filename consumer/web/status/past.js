// What flowed, over time: one chart a measure, with axes and one cursor for all of them. Drawn by uPlot.

/* global uPlot */
import { byId, make, numberOf, setText } from "./dom.js";
import { rateOf } from "./format.js";

const HEIGHT = matchMedia("(max-width: 44rem)").matches ? 72 : 120;
const CHARTS = [
  { name: "Events accepted per second", value: (sample) => sample.accepted_per_s, text: rateOf },
  { name: "Dead letters per second", value: (sample) => sample.rejected_per_s, text: rateOf, isBad: true },
  { name: "Lag in records", value: (sample) => sample.lag, text: numberOf },
  { name: "Seconds from Kafka to acceptance, mean", value: (sample) => sample.delay_s, text: rateOf },
];
const SPANS = { minutes: { of: (status) => status.history, everyS: 10, lastS: 900 }, hours: { of: (status) => status.history_hours, everyS: 120, lastS: 21_600 } };
const EMPTY = { minutes: "The first ten seconds are not over yet.", hours: "The first two minutes are not over yet." };

const drawn = [];
let span = "minutes";
let latest = null;

for (const button of document.querySelectorAll("[data-span]")) {
  button.addEventListener("click", () => {
    span = button.dataset.span;
    for (const each of document.querySelectorAll("[data-span]")) each.setAttribute("aria-pressed", String(each === button));
    if (latest) showPast(latest);
  });
}
addEventListener("resize", () => drawn.forEach(({ chart, box }) => chart.setSize({ width: box.clientWidth, height: HEIGHT })));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(({ chart }) => chart.redraw()));

export function showPast(status) {
  latest = status;
  const samples = SPANS[span].of(status);
  byId("no-past").hidden = samples.length > 0;
  byId("past").hidden = samples.length === 0;
  setText(byId("no-past"), EMPTY[span]);
  if (samples.length === 0) return;
  if (drawn.length === 0) addAll();
  for (const { chart, measure, now, figure } of drawn) {
    chart.setData(dataOf(samples, measure.value));
    const newest = measure.value(samples[samples.length - 1]);
    setText(now, newest === null ? "–" : measure.text(newest));
    figure.setAttribute("aria-label", `${measure.name}: now ${now.textContent}, ${mostOf(samples, measure)}`);
  }
}

function mostOf(samples, { value, text }) {
  const known = samples.map(value).filter((each) => each !== null);
  return known.length ? `highest ${text(Math.max(...known))}` : "none yet";
}

/** Times without a sample, as before a restart, are gaps. */
function dataOf(samples, value) {
  const times = [];
  const values = [];
  for (const sample of samples) {
    const before = times[times.length - 1];
    if (before && sample.at - before > SPANS[span].everyS) {
      times.push(before + SPANS[span].everyS);
      values.push(null);
    }
    times.push(sample.at);
    values.push(value(sample));
  }
  return [times, values];
}

/** All figures first: a chart is as wide as the others leave room for. */
function addAll() {
  const places = CHARTS.map(figureOf);
  byId("past").append(...places.map(({ figure }) => figure));
  for (const place of places) drawn.push({ ...place, chart: new uPlot(optionsOf(place.measure, place.box.clientWidth), [[], []], place.box) });
}

function figureOf(measure) {
  const now = make("span", { class: "count" });
  const box = make("div", {});
  const caption = make("figcaption", {}, make("span", {}, measure.name), now);
  return { measure, now, box, figure: make("figure", { role: "img" }, caption, box) };
}

function optionsOf({ text, isBad }, width) {
  const axis = { stroke: () => colour("--muted"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false } };
  const line = () => colour(isBad ? "--bad" : "--accent");
  return {
    width,
    height: HEIGHT,
    cursor: { sync: { key: "past" }, drag: { x: false, y: false } },
    legend: { live: true },
    scales: { x: { range: (_, first, last) => [last - SPANS[span].lastS, last] }, y: { range: (_, least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [{ ...axis, size: 26, incrs: [60, 120, 300, 600, 1800, 3600], values: hours }, { ...axis, size: widthOf, space: HEIGHT / 4, values: (_, ticks) => ticks.map(text) }],
    series: [{ label: "at", value: (_, at) => (at === null ? "–" : clock.format(at * 1000)) }, { label: "value", stroke: line, width: 2, points: { show: false }, value: (_, value) => (value === null ? "–" : text(value)) }],
  };
}

/** Of the axis of values: as wide as its longest number. uPlot asks again as long as that changes the ticks. */
const widthOf = (_, texts) => Math.max(60, 18 + 7 * Math.max(...(texts ?? []).map(({ length }) => length)));

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" });
const minute = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const hours = (_, ticks) => ticks.map((at) => minute.format(at * 1000));
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
