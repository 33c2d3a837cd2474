// Telling the sandbox to misbehave: the same requests that tests send.

import { ask, byId, make, setText } from "./dom.js";
import { countOf } from "./format.js";
import { drawKeyed, part } from "./keyed.js";

const PRESETS = [
  ["Too many requests: code 40100 in HTTP 200", { code: 40100 }],
  ["Too many requests: HTTP 429 with Retry-After", { status: 429, retry_after: 2 }],
  ["Server trouble: code 50000", { code: 50000 }],
  ["Server trouble: HTTP 503", { status: 503 }],
  ["Maintenance: code 60001", { code: 60001 }],
  ["Pixel forbidden: code 40001", { code: 40001 }],
  ["Token revoked: code 40105", { code: 40105 }],
  ["Content refused: code 40002", { code: 40002 }],
  ["Partially successful: code 20001", { code: 20001 }],
  ["Slow: 2 seconds late", { latency_ms: 2000 }],
  ["Silence: never answers", { end: "hang" }],
  ["Accepted, but the answer never comes", { end: "hang", accept: true }],
  ["Accepted, but HTTP 504", { status: 504, accept: true }],
  ["Connection reset", { end: "reset" }],
  ["Half a body", { body: "half" }],
  ["An HTML page", { body: "html", status: 502 }],
  ["Garbage", { body: "garbage" }],
];
const NUMBERS = ["code", "status", "latency_ms"];

let inForce = []; // the faults, as the sandbox told them last

export function startMisbehaving() {
  const form = byId("misbehave");
  const { preset } = form.elements;
  preset.append(...PRESETS.map(([name], place) => make("option", { value: place }, name)));
  preset.addEventListener("change", () => usePreset(form, PRESETS[Number(preset.value)][1]));
  form.addEventListener("input", () => preview(form));
  onSubmit(form, byId("misbehave-answer"), async () => {
    await ask("POST", "/sandbox/faults", [faultOf(form)]);
    return "Set.";
  });
  byId("clear-faults").addEventListener("click", () => ask("DELETE", "/sandbox/faults"));
  usePreset(form, PRESETS[0][1]);
  startRate();
  startRefusing();
}

/** What the sandbox says is in force. */
export function showMisbehaviour({ faults, rate, refuse }) {
  inForce = faults;
  const placed = faults.map(({ fault, struck }, place) => ({ place, text: JSON.stringify(fault), struck }));
  drawKeyed(byId("faults"), placed, ({ place, text }) => `${place} ${text}`, faultItem, (child, { struck }) => setText(part(child, "struck"), ` struck ${countOf(struck, "time")}`));
  byId("no-faults").hidden = faults.length > 0;
  byId("clear-faults").hidden = faults.length === 0;
  const count = faults.length + (rate ? 1 : 0) + (refuse.event_ids.length + refuse.events.length ? 1 : 0);
  setText(byId("fault-count"), String(count));
  byId("fault-count").classList.toggle("alarm", count > 0);
  setText(byId("rate-state"), rate ? `At most ${rate.per_second} a second; ${toldOf(rate)}.` : "No limit.");
  const refused = [...refuse.event_ids, ...refuse.events].join(", ");
  setText(byId("refuse-state"), refused ? `Refused with ${refuse.code}: ${refused}` : "None.");
}

const toldOf = (rate) => (rate.code === null ? `others: HTTP ${rate.status}` : `others: code ${rate.code} in HTTP ${rate.status}`);

function faultItem({ place, text }) {
  const remove = make("button", { type: "button" }, "Remove");
  remove.addEventListener("click", () => {
    ask("PUT", "/sandbox/faults", inForce.filter((_, other) => other !== place).map(({ fault }) => fault));
  });
  const words = make("span", {}, make("code", {}, text), make("span", { "data-part": "struck" }));
  return make("li", { class: "plain" }, words, remove);
}

function usePreset(form, act) {
  for (const name of [...NUMBERS, "body", "end", "retry_after"]) form.elements[name].value = act[name] ?? "";
  form.elements.accept.checked = act.accept ?? false;
  preview(form);
}

function preview(form) {
  setText(byId("preview"), JSON.stringify([faultOf(form)]));
}

function faultOf(form) {
  const field = (name) => form.elements[name].value.trim();
  const act = {};
  for (const name of NUMBERS) if (field(name)) act[name] = Number(field(name));
  for (const name of ["body", "end"]) if (field(name)) act[name] = field(name);
  if (field("retry_after")) act.retry_after = retryAfter(field("retry_after"));
  if (form.elements.accept.checked) act.accept = true;
  const fault = { do: act };
  if (field("pixel")) fault.match = { pixel: field("pixel") };
  if (field("for_next")) fault.for_next = Number(field("for_next"));
  if (field("share")) fault.share = Number(field("share")) / 100;
  return fault;
}

const retryAfter = (text) => (/^\d+$/.test(text) ? Number(text) : text);

function startRate() {
  const form = byId("rate");
  onSubmit(form, byId("rate-state"), async () => {
    const status = Number(form.elements.told.value);
    const rate = { per_second: Number(form.elements.per_second.value), status, code: status === 429 ? null : 40100 };
    const after = form.elements.retry_after.value.trim();
    if (after) rate.retry_after = retryAfter(after);
    await ask("PUT", "/sandbox/rate", rate);
  });
  form.addEventListener("reset", () => ask("DELETE", "/sandbox/rate"));
}

function startRefusing() {
  const form = byId("refuse");
  const words = (name, between) => form.elements[name].value.split(between).map((word) => word.trim()).filter(Boolean);
  onSubmit(form, byId("refuse-state"), async () => {
    const code = Number(form.elements.code.value);
    await ask("PUT", "/sandbox/refuse", { event_ids: words("event_ids", /\s+/), events: words("events", ","), code });
  });
  form.addEventListener("reset", () => ask("DELETE", "/sandbox/refuse"));
}

/** Do it when the form is sent, and say what came of it; the stream brings the new state. */
function onSubmit(form, output, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const said = await act();
      if (said) setText(output, said);
    } catch (error) {
      setText(output, error.message);
    }
  });
}
