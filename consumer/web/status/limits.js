// How far from its limits the service is.

import { byId, make, numberOf, setText } from "./dom.js";
import { ageOf, bytesOf, countOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

export function showLimits({ requests, ledger, window }) {
  drawKeyed(byId("limits"), [...limits(requests, ledger, window)], ({ name }) => name, item, update);
}

function* limits(requests, ledger, window) {
  const lowered = requests.limit < requests.max_in_flight ? `lowered from ${requests.max_in_flight}: TikTok was slow or busy` : "the most that is configured";
  yield { name: "requests under way", text: `${requests.in_flight} of ${requests.limit}`, share: [requests.in_flight, requests.limit], more: lowered };
  const age = ledger.oldest_s === null ? "nothing waits" : `the oldest for ${ageOf(ledger.oldest_s)}`;
  yield { name: "records in flight", text: `${numberOf(ledger.in_flight)} of ${numberOf(ledger.max_in_flight)}`, share: [ledger.in_flight, ledger.max_in_flight], more: age };
  yield { name: "their size", text: `${bytesOf(ledger.in_flight_bytes)} of ${bytesOf(ledger.max_in_flight_bytes)}`, share: [ledger.in_flight_bytes, ledger.max_in_flight_bytes], more: "reading pauses at either limit" };
  const reach = window.is_warm ? `reaches back ${ageOf(window.reaches_back_s)}` : "is being filled in again";
  yield { name: "dedupe window", text: countOf(window.keys, "key"), share: null, more: reach };
}

function item({ name, share }) {
  const words = make("div", { class: "words" }, make("span", {}, name), make("span", { class: "count", "data-part": "text" }));
  const bar = share && make("progress", { max: 1, value: 0, "aria-label": name, "data-part": "bar" });
  return make("div", { class: "limit" }, words, bar, make("p", { class: "muted", "data-part": "more" }));
}

function update(child, { text, share, more }) {
  setText(part(child, "text"), text);
  setText(part(child, "more"), more);
  if (share) part(child, "bar").value = share[1] ? share[0] / share[1] : 0;
}
