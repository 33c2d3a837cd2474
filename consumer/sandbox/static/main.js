// The page's start: one stream of news, handed to those who show it.

import { byId, numberOf, setText } from "./dom.js";
import { Events } from "./events.js";
import { startFolds } from "./folds.js";
import { showMisbehaviour, startMisbehaving } from "./misbehave.js";
import { addRefusals, clearRefusals } from "./refusals.js";
import { startTabs } from "./tabs.js";
import { startTrying } from "./tryit.js";

const SILENT_MS = 15_000; // a sandbox that has no news says each five seconds that it is alive

let silence; // when it is taken for one that hangs
let connection = { state: "waiting", text: "Connecting" };
let isPaused = false;
const events = new Events((isNowPaused) => {
  isPaused = isNowPaused;
  showLive();
});
startFolds();
startTabs();
startMisbehaving();
startTrying();
listen();

function listen() {
  const stream = new EventSource("/sandbox/stream");
  const on = (name, act) => stream.addEventListener(name, (message) => {
    heard();
    act(JSON.parse(message.data));
  });
  stream.addEventListener("open", heard);
  stream.addEventListener("error", () => lost("Not connected, trying again"));
  on("alive", () => undefined);
  on("hello", (hello) => events.hello(hello));
  on("clear", () => {
    events.clear();
    clearRefusals();
  });
  on("kinds", (kinds) => events.kinds(kinds));
  on("rows", (rows) => events.add(rows));
  on("refusals", addRefusals);
  on("state", showState);
}

function heard() {
  connected({ state: "live", text: "Live" });
  silence = setTimeout(() => lost("The sandbox does not answer"), SILENT_MS);
}

const lost = (text) => connected({ state: "lost", text });

function connected(now) {
  clearTimeout(silence);
  connection = now;
  showLive();
}

/** A list that stands still must not look alive. */
function showLive() {
  const live = byId("live");
  const isStill = isPaused && connection.state === "live";
  live.dataset.state = isStill ? "paused" : connection.state;
  setText(live, isStill ? "Paused" : connection.text);
}

function showState(state) {
  for (const total of document.querySelectorAll("[data-total]")) {
    setText(total, numberOf(state.summary[total.dataset.total]));
  }
  const { by_answer: byAnswer, requests } = state.summary;
  const refused = requests - (byAnswer["0"] ?? 0);
  setText(byId("refused-count"), numberOf(refused));
  byId("refused-count").classList.toggle("alarm", refused > 0);
  showMisbehaviour(state);
}
