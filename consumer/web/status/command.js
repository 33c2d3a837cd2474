// A command to be run in a terminal, with a button that copies it.

import { make, setText } from "./dom.js";

const SHOWN_MS = 2000;

/** `what` it is of, for those who do not see where it stands. */
export function command(text, what) {
  return make("div", { class: "command" }, make("code", {}, text), copyButton(text, what));
}

function copyButton(text, what) {
  const button = make("button", { type: "button", "aria-label": `Copy the command for ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    setText(button, (await copy(text, button)) ? "Copied" : "Selected");
    setTimeout(() => setText(button, "Copy"), SHOWN_MS);
  });
  return button;
}

/** Into the clipboard; where the browser gives pages without TLS none, select the text instead. */
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling);
    return false;
  }
}
