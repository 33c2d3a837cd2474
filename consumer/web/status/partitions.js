// Lag and rate by partition. Of very many, those that lag most.

import { badge, byId, make, numberOf, setText } from "./dom.js";
import { ageOf, countOf, rateOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";
import { WholeOnDemand } from "./whole.js";

const AT_FIRST = 24;
const STATES = {
  reading: ["reading", ""],
  full: ["paused: limit in flight reached", "warn"],
  stopped: ["stopped", "bad"],
  schema: ["paused: awaits a schema", "warn"],
  closed: ["paused: its pixel is closed", "warn"],
  unknown: ["not read: its position is not known", "warn"],
};
const whole = new WholeOnDemand("all-partitions", AT_FIRST, () => draw());
let latest = [];
let at = 0;

/** Of the service's own topics, for parked and replayed records. */
export const isOwn = ({ topic }, group) => topic.startsWith(`${group}.`);

export function showPartitions(partitions, group, now) {
  at = now;
  const own = (one) => isOwn(one, group); // after the events, if there are any
  const holdsSome = (one) => one.next_offset === null || one.next_offset > 0 || one.lag > 0;
  latest = [...partitions.filter((one) => !own(one)), ...partitions.filter((one) => own(one) && holdsSome(one))];
  draw();
}

function draw() {
  const partitions = latest;
  const total = partitions.length;
  setText(byId("partitions-of"), total ? `${numberOf(total)} assigned` : "");
  byId("no-partitions").hidden = total > 0;
  byId("partitions-box").hidden = total === 0;
  whole.say(total, `Show all ${countOf(total, "partition")}`, `Show the ${AT_FIRST} that lag most`);
  drawKeyed(byId("partitions"), whole.isWhole ? partitions : lagging(partitions), nameOf, row, update);
}

function lagging(partitions) {
  if (partitions.length <= AT_FIRST) return partitions;
  const worst = new Set([...partitions].sort((one, other) => rank(other) - rank(one)).slice(0, AT_FIRST));
  return partitions.filter((partition) => worst.has(partition));
}

/** One that cannot be read lags for as long as that lasts. */
const rank = ({ state, lag }) => (state === "unknown" ? Number.MAX_SAFE_INTEGER : (lag ?? 0));

/** As it is written, or a dash where it is not known. */
const known = (count) => (count === null ? "–" : numberOf(count));

const nameOf = ({ topic, partition }) => `${topic}[${partition}]`;

function awaiting({ awaits, awaits_until: until }) {
  return `paused: awaits schema ${awaits}${until === null ? "" : `, for ${ageOf(until - at)} at most`}`;
}

function row(partition) {
  const number = (name) => make("td", { class: "number", "data-part": name });
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, nameOf(partition)),
    make("td", { class: "words", "data-part": "state" }),
    ...["lag", "rate", "committed", "next"].map(number),
  );
}

function update(child, partition) {
  const state = part(child, "state");
  const [words, kind] = STATES[partition.state] ?? [partition.state, "warn"];
  const text = partition.awaits ? awaiting(partition) : words;
  if (state.textContent !== text) state.replaceChildren(kind ? badge(text, kind) : text);
  setText(part(child, "lag"), known(partition.lag));
  setText(part(child, "rate"), rateOf(partition.read_per_s));
  setText(part(child, "committed"), known(partition.committed));
  setText(part(child, "next"), known(partition.next_offset));
}
