// A button that copies a text, and says so.

import { make, setText } from "./dom.js";

const SAID_MS = 2000;

export function copyButton(label, text) {
  const button = make("button", { type: "button", class: "small" }, label);
  button.addEventListener("click", async () => {
    setText(button, (await copy(text)) ? "Copied" : "Could not copy: select the text below");
    setTimeout(() => setText(button, label), SAID_MS);
  });
  return button;
}

/** Browsers have a clipboard only for pages from this machine or by HTTPS; for others there is the older way. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = make("textarea", { class: "visually-hidden" });
    box.value = text;
    document.body.append(box);
    box.select();
    const isCopied = document.execCommand("copy");
    box.remove();
    return isCopied;
  }
}
