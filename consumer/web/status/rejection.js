// A rejection, with the command that explains it, to be run in a terminal, and a button that copies it.

import { badge, make, setText } from "./dom.js";
import { part } from "./keyed.js";

const SHOWN_MS = 2000;

/** `facts` stand beside the reason; `what` the command explains, for those who do not see where it stands. */
export function rejection(reason, facts, what) {
  return make(
    "li",
    { class: "rejected" },
    make("div", { class: "line1" }, badge(reason, "bad"), ...facts),
    make("p", { class: "why", "data-part": "why" }),
    make("div", { class: "command" }, make("code", { "data-part": "command" }), copyButton(what)),
  );
}

/** Why, and the command: of a reason, both change with each letter, and the button keeps the focus. */
export function showLetter(child, why, command) {
  setText(part(child, "why"), why);
  setText(part(child, "command"), command);
}

function copyButton(what) {
  const button = make("button", { type: "button", "aria-label": `Copy the command for ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    setText(button, (await copy(button)) ? "Copied" : "Selected");
    setTimeout(() => setText(button, "Copy"), SHOWN_MS);
  });
  return button;
}

/** Into the clipboard; where the browser gives pages without TLS none, select the text instead. */
async function copy(button) {
  const command = button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(command.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(command);
    return false;
  }
}
