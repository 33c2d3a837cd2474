// A rejection, with the command that explains it, to be run in a terminal, and a button that copies it.

import { badge, make, setText } from "./dom.js";

const SHOWN_MS = 2000;

/** `facts` stand beside the reason; `what` the command explains, for those who do not see where it stands. */
export function rejection(reason, facts, why, command, what) {
  return make(
    "li",
    { class: "rejected" },
    make("div", { class: "line1" }, badge(reason, "bad"), ...facts),
    make("p", { class: "why" }, why),
    make("div", { class: "command" }, make("code", {}, command), copyButton(command, what)),
  );
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
