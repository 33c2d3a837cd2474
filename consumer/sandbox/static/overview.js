// What the shown events have in common: their names, their warnings, their match keys. A click on a count filters.

import { bar, showShare } from "./bars.js";
import { byId, make, numberOf, setText } from "./dom.js";
import { plural } from "./format.js";

const MOST = 6; // rows of a card

export class Overview {
  /** `choose(field, value)` sets a field of the filter. */
  constructor(choose) {
    this.choose = choose;
    this.bars = [];
  }

  start(keys) {
    if (this.bars.length) return;
    this.bars = [...keys, "any of them"].map((key) => bar(key.replaceAll("_", " ")));
    byId("coverage-bars").append(...this.bars);
  }

  draw(view, kinds, values) {
    const total = view.rows.length;
    this.#counts("name", view.names, values.name);
    this.#counts("warning", new Map([...view.warned].map(([kind, count]) => [kinds[kind], count])), values.warning);
    setText(byId("coverage-of"), total ? `in ${numberOf(total)} ${plural(total, "event")}` : "");
    this.bars.forEach((each, place) => showShare(each, total ? view.keys[place] / total : null));
  }

  /** The largest counts as buttons; a row that stays is changed, not made anew, so that it can be clicked meanwhile. */
  #counts(field, counts, chosen) {
    const list = byId(`by-${field}`);
    const sorted = [...counts].sort(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1));
    const shown = sorted.filter(([value], place) => place < MOST || value === chosen);
    while (list.children.length > shown.length) list.lastElementChild.remove();
    while (list.children.length < shown.length) list.append(this.#button(field));
    shown.forEach(([value, count], place) => {
      const button = list.children[place].firstElementChild;
      button.dataset.value = value;
      button.setAttribute("aria-pressed", String(value === chosen));
      setText(button.firstElementChild, numberOf(count));
      setText(button.lastElementChild, value);
    });
    const left = sorted.length - shown.length;
    setText(byId(`more-by-${field}`), left ? `and ${numberOf(left)} more, in the filter's choices` : "");
    byId(`no-by-${field}`).hidden = sorted.length > 0;
  }

  #button(field) {
    const button = make("button", { type: "button", class: "tally", "aria-pressed": "false" }, make("span", { class: "count" }), make("span", { class: "of" }));
    button.addEventListener("click", () => {
      const isChosen = button.getAttribute("aria-pressed") === "true";
      this.choose(field, isChosen ? "" : button.dataset.value);
    });
    return make("li", {}, button);
  }
}
