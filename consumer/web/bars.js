// A share as a bar with its percentage: match keys, on both pages.

import { make, setText } from "./dom.js";
import { percentOf } from "./format.js";

export function bar(name) {
  const progress = make("progress", { max: 1, value: 0, "aria-label": name });
  return make("div", { class: "bar" }, make("span", {}, make("span", {}, name), make("span", { class: "share" }, "–")), progress);
}

/** `share` is of 1; null: there is nothing to have a share of. */
export function showShare(element, share) {
  element.querySelector("progress").value = share ?? 0;
  setText(element.querySelector(".share"), share === null ? "–" : percentOf(share));
}
