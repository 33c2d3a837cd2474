// The page's start: ask for the status once a second, and hand it to those who show a part of it.

import { ask, byId, dateOf, setText } from "./dom.js";
import { showConnections } from "./connections.js";
import { showFields } from "./fields.js";
import { startFolds } from "./folds.js";
import { ageOf } from "./format.js";
import { showIdle } from "./idle.js";
import { showLedger } from "./ledger.js";
import { showLimits } from "./limits.js";
import { showMatchKeys } from "./matchkeys.js";
import { showPartitions } from "./partitions.js";
import { showPast } from "./past.js";
import { showPixels } from "./pixels.js";
import { lettersOf, showReasons } from "./reasons.js";
import { showRejected } from "./rejected.js";
import { showRequests } from "./requests.js";
import { showRules } from "./rules.js";
import { showWay } from "./way.js";

const EVERY_MS = 1000;
const HIDDEN_EVERY_MS = 10_000; // the page is in the background
const ANSWER_WITHIN_MS = 5000; // a process that hangs takes requests, and answers none
const MODES = {
  "dry run": "A dry run: it decides and counts, and sends and commits nothing.",
  test: "Everything goes to Test Events in TikTok's Events Manager.",
};

let lastAt = 0;
let next = null; // when it asks again; none while it asks

startFolds();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && next !== null) look(); // whoever comes back sees what is so now
});
look();

async function look() {
  clearTimeout(next);
  next = null;
  try {
    const status = await ask("GET", "/api/status", undefined, ANSWER_WITHIN_MS);
    show(status);
    lastAt = status.at;
  } catch {
    showLive("lost", lastAt ? `The service does not answer; as of ${dateOf(lastAt)}` : "Not connected, trying again");
  }
  next = setTimeout(look, document.hidden ? HIDDEN_EVERY_MS : EVERY_MS);
}

function show(status) {
  showLive(status.ready ? "live" : "lost", status.ready ? "Ready" : "Not ready");
  showAbout(status);
  showTrouble(status.reasons);
  showConnections(status.connections, status.at);
  showReasons(status.rejected_reasons, status.breaker_open, status.at);
  showIdle(status);
  showRules(status.rules);
  showWay(status.stages, status.pixels);
  showLedger(status.ledger);
  showPast(status);
  showPixels(status.pixels, status.at);
  showRequests(status.requests);
  showMatchKeys(status.pixels, status.rules);
  showFields(status.dropped_fields);
  showLimits(status);
  showPartitions(status.partitions, status.group, status.at);
  showRejected(status.rejected, lettersOf(status.rejected_reasons), status.at);
}

function showLive(state, text) {
  const live = byId("live");
  live.dataset.state = state;
  setText(live, text);
}

function showAbout(status) {
  const about = { group: status.group, up: ageOf(status.at - status.started_at), version: status.version, workers: status.workers };
  for (const element of document.querySelectorAll("[data-about]")) setText(element, String(about[element.dataset.about]));
  showConfiguration(status.configuration);
  document.querySelector("[data-workers]").hidden = status.workers === 1;
  byId("mode").hidden = !MODES[status.mode];
  setText(byId("mode"), MODES[status.mode] ?? "");
}

function showConfiguration(configuration) {
  const element = byId("configuration");
  element.hidden = configuration === null;
  if (configuration === null) return;
  const { file, hash, since } = configuration;
  setText(element.querySelector("[data-part=file]"), file.slice(file.lastIndexOf("/") + 1));
  element.querySelector("[data-part=file]").title = file;
  setText(element.querySelector("[data-part=hash]"), hash);
  setText(element.querySelector("[data-part=since]"), `since ${dateOf(since)}`);
}

function showTrouble(reasons) {
  const list = byId("reasons");
  const known = [...list.children].map((item) => item.textContent);
  byId("trouble").hidden = reasons.length === 0;
  if (known.join("\n") === reasons.join("\n")) return; // a screen reader would say it again
  list.replaceChildren(...reasons.map((reason) => Object.assign(document.createElement("li"), { textContent: reason })));
}
