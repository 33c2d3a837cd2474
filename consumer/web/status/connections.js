// The systems outside: where each is, whether it answers, since when, and its last error.

import { badge, byId, make, setText } from "./dom.js";
import { ageOf, beginOf, sinceOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

const NAMES = { kafka: "Kafka", registry: "Schema registry", tiktok: "TikTok", redis: "Redis" };

export function showConnections(connections, now) {
  const away = connections.filter(({ connected }) => connected === false);
  byId("away").hidden = away.length === 0;
  setText(byId("away"), away.map((each) => awayOf(each, now)).join(" "));
  drawKeyed(byId("connections"), connections, ({ to }) => to, item, (child, connection) => update(child, connection, now));
}

function awayOf({ to, address, since, error }, now) {
  return `${NAMES[to]} does not answer at ${address}, ${beginOf(since, now)}: ${error}.`;
}

function item({ to, address }) {
  return make(
    "li",
    { class: "plain" },
    make("span", { class: "name" }, NAMES[to]),
    make("span", { "data-part": "state" }),
    make("code", {}, address),
    make("span", { class: "muted end", "data-part": "since" }),
  );
}

function update(child, { to, address, connected, since, error, error_at: errorAt }, now) {
  const [words, kind] = stateOf(to, address, connected);
  const state = part(child, "state");
  if (state.textContent !== words) state.replaceChildren(badge(words, kind));
  const last = connected && error ? `; last error ${ageOf(now - errorAt)} ago: ${error}` : "";
  setText(part(child, "since"), since === null ? "" : sinceOf(since, now) + last);
}

function stateOf(to, address, connected) {
  if (connected === null) return ["not asked yet", ""];
  if (!connected) return ["away", "bad"];
  const isTikTok = to !== "tiktok" || new URL(address).host === "business-api.tiktok.com";
  return isTikTok ? ["connected", "good"] : ["connected, not TikTok itself", "warn"];
}
