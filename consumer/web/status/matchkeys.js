// By what TikTok can find the people of the events that it accepted: the share of events that have each match key.

import { bar, showShare } from "./bars.js";
import { byId, make, setText } from "./dom.js";
import { percentOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

const KEYS = ["email", "phone", "external_id", "ttclid", "ttp", "ip_and_user_agent", "any"];
const LABELS = { ip_and_user_agent: "IP, user agent", any: "any of them" };
const labelOf = (key) => LABELS[key] ?? key.replaceAll("_", " ");
const [byPixel, byRule] = ["pixel", "rule"].map(tableBy);
byId("key-tables").append(byPixel, byRule);

/** Closed until it is asked for. */
function tableBy(what) {
  const names = make("tr", {}, make("th", { scope: "col" }, what), ...KEYS.map((key) => make("th", { scope: "col", class: "number" }, labelOf(key))));
  const table = make("table", {}, make("thead", {}, names), make("tbody"));
  const box = make("div", { class: "scrolled", tabindex: 0, role: "region", "aria-label": `Match keys by ${what}` }, table);
  return make("details", { id: `keys-by-${what}`, hidden: "" }, make("summary", {}, `By ${what}`), box);
}

export function showMatchKeys(pixels, rules) {
  const counted = countedIn(pixels);
  const total = counted.reduce((sum, [, , accepted]) => sum + accepted, 0);
  setText(byId("keys-of"), total ? "of the events accepted" : "no event is accepted yet");
  byId("key-bars").hidden = total === 0;
  drawKeyed(byId("key-bars"), KEYS, (key) => key, (key) => bar(labelOf(key)), (child, key) => showShare(child, shareOf(key, added(counted), total)));
  showTable(byPixel, counted);
  showTable(byRule, countedIn(rules));
}

/** One row alone would say the bars again. */
function showTable(table, counted) {
  const known = counted.filter(([, , accepted]) => accepted > 0);
  table.hidden = known.length < 2;
  drawKeyed(table.querySelector("tbody"), known, ([name]) => name, row, (child, [, keys, accepted]) => update(child, keys, accepted));
}

const countedIn = (all) => Object.entries(all).map(([name, each]) => [name, each.match_keys, acceptedOf(each)]);

const acceptedOf = ({ events }) => (events.accepted ?? 0) + (events.forwarded ?? 0);

function added(counted) {
  const sums = {};
  for (const [, keys] of counted) for (const [key, count] of Object.entries(keys)) sums[key] = (sums[key] ?? 0) + count;
  return sums;
}

/** An answer that came too late for its partition counts as a key and not as an event: never more than all. */
function shareOf(key, keys, accepted) {
  if (accepted === 0) return null;
  const count = key === "any" ? accepted - (keys.none ?? 0) : (keys[key] ?? 0);
  return Math.min(1, Math.max(0, count / accepted));
}

function row([name]) {
  return make("tr", {}, make("th", { scope: "row" }, name), ...KEYS.map((key) => make("td", { class: "number", "data-part": key })));
}

function update(child, keys, accepted) {
  for (const key of KEYS) setText(part(child, key), percentOf(shareOf(key, keys, accepted)));
}
