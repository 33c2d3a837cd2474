// The page's start: one stream of news, handed to those who show it.

import { byId, numberOf, setText } from "./dom.js";
import { Events } from "./events.js";
import { showMisbehaviour, startMisbehaving } from "./misbehave.js";
import { addRefusals, clearRefusals } from "./refusals.js";
import { startTabs } from "./tabs.js";
import { startTrying } from "./tryit.js";

const events = new Events();
startTabs();
startMisbehaving();
startTrying();
listen();

function listen() {
  const stream = new EventSource("/sandbox/stream");
  const on = (name, act) => stream.addEventListener(name, (message) => act(JSON.parse(message.data)));
  stream.addEventListener("open", () => showLive("live", "Live"));
  stream.addEventListener("error", () => showLive("lost", "Not connected, trying again"));
  on("hello", (hello) => events.hello(hello));
  on("clear", () => {
    events.clear();
    clearRefusals();
  });
  on("rows", (rows) => events.add(rows));
  on("refusals", addRefusals);
  on("state", showState);
}

function showLive(state, text) {
  const live = byId("live");
  live.dataset.state = state;
  setText(live, text);
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
