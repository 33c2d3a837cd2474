// Which events have the text searched for: the sandbox knows, since it has them whole.

import { ask } from "./dom.js";

const PAUSE_MS = 150; // from a key to the question: people type on
const AGAIN_MS = 2000; // from a question that failed to the same one

export class Search {
  /** `onFound` is called with each answer. */
  constructor(onFound) {
    this.onFound = onFound;
    this.text = "";
    this.#reset();
  }

  /** True while the rows up to this number were not all looked at. */
  isWaiting = (last) => this.text !== "" && !this.problem && this.through < last;

  isFound = (seq) => this.text === "" || this.found.has(seq);

  /** Search for this from now on; an empty text finds everything. */
  change(text) {
    if (text === this.text) return;
    this.text = text;
    this.#reset();
    if (text) this.timer = setTimeout(() => this.#ask(), PAUSE_MS);
  }

  /** There are events up to this number: ask about those that were not looked at. */
  extend(last) {
    if (this.isWaiting(last) && !this.isAsking && this.isAnswered) this.#ask();
  }

  /** Everything was forgotten, or the sandbox is another one. */
  restart() {
    this.#reset();
    if (this.text) this.#ask();
  }

  #reset() {
    clearTimeout(this.timer);
    this.problem = "";
    this.found = new Set();
    this.through = 0;
    this.isAsking = false;
    this.isAnswered = false;
  }

  async #ask() {
    const { text, found } = this; // an answer to an earlier question is of no use
    this.isAsking = true;
    try {
      const answer = await ask("GET", `/sandbox/search?q=${encodeURIComponent(text)}&after=${this.through}`);
      if (found !== this.found) return;
      for (const seq of answer.found) found.add(seq);
      this.through = answer.through;
      this.isAnswered = true;
      this.problem = "";
    } catch (error) {
      if (found !== this.found) return;
      this.problem = `The search failed: ${error.message}`;
      this.timer = setTimeout(() => this.#ask(), AGAIN_MS);
    }
    this.isAsking = false;
    this.onFound();
  }
}
