// A request by hand.

import { byId, setText } from "./dom.js";
import { nowS } from "./now.js";

const TRACK = "/open_api/v1.3/event/track/";
const ALICE = "ff8d9819fc0e12bf0d24892e45987e249a28dce836a85cad60e28eaaa8c6d976"; // of alice@example.com

export function startTrying() {
  const form = byId("try");
  const { body } = form.elements;
  body.value = sample();
  byId("sample").addEventListener("click", () => {
    body.value = sample();
    body.focus();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const output = byId("try-answer");
    setText(output, "Sending");
    const [text, isGood] = await send(form.elements.token.value, body.value);
    output.className = `wide ${isGood ? "good" : "bad"}`;
    setText(output, text);
  });
}

async function send(token, body) {
  try {
    const headers = { "Access-Token": token, "Content-Type": "application/json" };
    const answer = await fetch(TRACK, { method: "POST", headers, body });
    const text = await answer.text();
    return [`HTTP ${answer.status}\n${text}`, codeOf(text) === 0];
  } catch (error) {
    return [`No answer: ${error.message}`, false];
  }
}

function codeOf(text) {
  try {
    return JSON.parse(text).code;
  } catch {
    return null;
  }
}

function sample() {
  const now = Math.floor(nowS());
  const event = {
    event: "Purchase",
    event_time: now,
    event_id: `order-${now}`,
    user: { email: ALICE, ip: "84.20.3.7", user_agent: navigator.userAgent },
    page: { url: "https://shop.example.com/thanks" },
    properties: {
      currency: "EUR",
      value: 19.5,
      content_type: "product",
      contents: [{ price: 9.75, quantity: 2, content_id: "sku-1", content_name: "Shirt" }],
    },
  };
  const request = { event_source: "web", event_source_id: "DEMO-PIXEL", test_event_code: "TEST1", data: [event] };
  return JSON.stringify(request, null, 2);
}
