// What a service that has nothing to do waits for.

import { byId, setText } from "./dom.js";
import { countOf } from "./format.js";
import { isOwn } from "./partitions.js";

export function showIdle(status) {
  const words = waitsFor(status);
  byId("idle").hidden = words === "";
  setText(byId("idle"), words);
}

/** Empty if it is at work, or if something is wrong, which is said elsewhere. */
function waitsFor({ ready, ledger, partitions, group }) {
  if (!ready || ledger.in_flight > 0) return "";
  if (partitions.length === 0) {
    return `No partition is assigned to it: members of the group ${group} outnumber the partitions, or its topics do not exist yet.`;
  }
  const isBehind = partitions.some(({ lag, state }) => (lag ?? 0) > 0 || state !== "reading");
  const isReading = partitions.some(({ read_per_s: rate }) => rate > 0);
  if (isBehind || isReading) return "";
  const topics = [...new Set(partitions.filter((one) => !isOwn(one, group)).map(({ topic }) => topic))];
  const where = topics.length === 1 ? topics[0] : countOf(topics.length, "topic");
  return ledger.read === 0
    ? `It waits for the first record in ${where}.`
    : `It has read everything, and waits for the next record in ${where}.`;
}
