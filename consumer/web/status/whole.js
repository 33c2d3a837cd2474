// A long list that shows its beginning until all of it is asked for.

import { byId, setText } from "./dom.js";

export class WholeOnDemand {
  isWhole = false;

  /** `redraw` is called at each click on the button. */
  constructor(button, atFirst, redraw) {
    this.button = byId(button);
    this.atFirst = atFirst;
    this.button.addEventListener("click", () => {
      this.isWhole = !this.isWhole;
      redraw();
    });
  }

  /** What the button says of so many: how to see all, and how to see the beginning again. */
  say(total, all, beginning) {
    this.button.hidden = total <= this.atFirst;
    setText(this.button, this.isWhole ? beginning : all);
  }

  shown(list) {
    return this.isWhole ? list : list.slice(0, this.atFirst);
  }
}
