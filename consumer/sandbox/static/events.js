// Accepted events: what the filter, the search and a pause let through, and the address that says so.

import { ask, byId, make, numberOf, setText, timeOf } from "./dom.js";
import { plural } from "./format.js";
import { readAddress, writeAddress } from "./address.js";
import { List } from "./list.js";
import { nowS, setNow } from "./now.js";
import { Overview } from "./overview.js";
import { Rows, filterOf } from "./rows.js";
import { Search } from "./search.js";

const PAGE = 50; // rows in the document at first, and more with each press of the button
const MOST = 1000; // further rows are found by filter and search
const PAUSE_MS = 200; // from news to its drawing
const BUSY_PAUSE_MS = 800; // the same while events pour in: people are to be served first
const BUSY_ROWS = 200;

export class Events {
  /** `onPause(isPaused)` is called when a person pauses or resumes. */
  constructor(onPause) {
    this.onPause = onPause;
    this.rows = new Rows();
    this.fields = [];
    this.keys = [];
    this.shown = PAGE;
    this.pausedAt = null; // the newest event's number when a person paused
    this.isDrawn = true;
    this.isStarted = false;
    this.form = byId("filter");
    this.list = new List(byId("events"), () => this.#opened());
    this.search = new Search(() => this.draw());
    this.overview = new Overview((field, value) => this.#choose(field, value));
    this.asked = readAddress();
    this.#fill();
    this.#listen();
  }

  hello({ run, fields, match_keys: keys, rows, at }) {
    setNow(at);
    this.run = run;
    this.fields = fields;
    this.keys = keys;
    this.rows.limit = rows;
    addChoices(this.form.elements.field, fields);
    this.overview.start(keys);
    this.#openAsked();
    this.draw();
  }

  kinds({ first, kinds }) {
    this.rows.kinds.splice(first, Infinity, ...kinds.map(({ field, what }) => `${field} – ${what}`));
  }

  clear() {
    this.rows.clear();
    this.search.restart();
    if (this.isStarted) {
      this.list.clear(); // not at the start: what the address asks for is yet to come
      this.#writeAddress();
    }
    this.isStarted = true;
    if (this.pausedAt !== null) this.#pause(false);
    this.draw();
  }

  add(arrays) {
    this.rows.add(arrays);
    this.list.refresh(new Set(arrays.map((array) => array[7])));
    this.#drawSoon(arrays.length > BUSY_ROWS ? BUSY_PAUSE_MS : PAUSE_MS);
  }

  draw() {
    const values = this.#values();
    const last = this.pausedAt ?? this.rows.last;
    this.search.extend(last);
    const { fields, rows, search } = this;
    const view = rows.view(filterOf(values, { fields, kinds: rows.kinds, isFound: search.isFound }), last, this.keys.length);
    this.#choices();
    this.overview.draw(view, rows.kinds, values);
    this.list.draw(this.#wanted(view.rows), rows.copies);
    this.#followLink();
    this.#words(view.rows.length, last);
  }

  /** The newest rows that pass, and the open ones, however old they are. */
  #wanted(matches) {
    const newest = matches.slice(-this.shown).reverse();
    const oldest = newest.at(-1)?.seq ?? Infinity;
    const open = [...this.list.open].filter((seq) => seq < oldest).sort((a, b) => b - a);
    return [...newest, ...open.map((seq) => this.rows.row(seq)).filter((row) => row && matches.includes(row))];
  }

  #words(total, last) {
    const drawn = Math.min(this.shown, total);
    setText(byId("shown"), total ? `${numberOf(drawn)} newest of ${numberOf(total)}` : "");
    byId("more").hidden = total <= this.shown || this.shown >= MOST;
    byId("too-many").hidden = total <= this.shown || this.shown < MOST;
    byId("nothing").hidden = total > 0;
    setText(byId("nothing"), this.#whyNothing(last));
    const waiting = this.pausedAt === null ? 0 : this.rows.last - this.pausedAt;
    setText(byId("waiting"), waiting ? `${numberOf(waiting)} newer ${plural(waiting, "event")} not shown.` : "Nothing newer yet.");
  }

  #whyNothing(last) {
    if (!this.rows.all.length) return nothingYet();
    if (this.search.problem) return this.search.problem;
    return this.search.isWaiting(last) ? "Searching" : "Nothing passes the filter.";
  }

  #listen() {
    this.form.addEventListener("input", () => this.#filter());
    this.form.addEventListener("reset", () => setTimeout(() => this.#filter()));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    byId("more").addEventListener("click", () => {
      this.shown = Math.min(this.shown + PAGE, MOST);
      this.draw();
    });
    byId("pause").addEventListener("click", () => this.#pause(this.pausedAt === null));
    byId("resume").addEventListener("click", () => this.#pause(false));
    const dialog = byId("forget-dialog");
    byId("forget").addEventListener("click", () => {
      const count = this.rows.all.length;
      setText(byId("forget-what"), `${numberOf(count)} ${plural(count, "event")} on this page, and all counts of the sandbox.`);
      dialog.showModal();
    });
    byId("forget-yes").addEventListener("click", () => {
      dialog.close();
      ask("DELETE", "/sandbox/events");
    });
    byId("forget-no").addEventListener("click", () => dialog.close());
  }

  #pause(isPaused) {
    this.pausedAt = isPaused ? this.rows.last : null;
    byId("pause").setAttribute("aria-pressed", String(isPaused));
    setText(byId("pause"), isPaused ? "Resume" : "Pause");
    byId("paused").hidden = !isPaused;
    byId("events").classList.toggle("paused", isPaused);
    setText(byId("paused-at"), `Paused at ${timeOf(nowS())}.`);
    this.onPause(isPaused);
    this.draw();
  }

  #values() {
    return Object.fromEntries(new FormData(this.form));
  }

  #choose(field, value) {
    choose(this.form.elements[field], value);
    this.#filter();
  }

  #filter() {
    this.search.change(this.#values().q.trim());
    this.shown = PAGE;
    this.draw();
    this.#writeAddress();
  }

  #writeAddress() {
    writeAddress(this.#values(), this.run, [...this.list.open]);
  }

  /** What the address asks for stands in the form before there is anything to choose from. */
  #fill() {
    for (const [name, value] of Object.entries(this.asked.values)) {
      const field = this.form.elements.namedItem(name);
      if (field?.name) choose(field, value);
    }
    this.search.change(this.#values().q.trim());
  }

  #openAsked() {
    const { run, open } = this.asked;
    if (run === this.run) for (const seq of open) this.list.open.add(seq);
  }

  /** Go to the event that the address named, or say that it is gone; once. */
  #followLink() {
    const { run, open } = this.asked;
    const [first] = open;
    const isGone = open.length > 0 && (run !== this.run || (this.rows.last >= first && !this.rows.row(first)));
    byId("gone").hidden = !isGone;
    if (!isGone && this.list.scrollTo(first)) this.asked.open = [];
  }

  #opened() {
    this.asked.open = [];
    byId("gone").hidden = true;
    this.#writeAddress();
  }

  #drawSoon(pauseMs) {
    if (!this.isDrawn) return;
    this.isDrawn = false;
    setTimeout(() => {
      this.isDrawn = true;
      this.draw();
    }, pauseMs);
  }

  #choices() {
    const { elements } = this.form;
    addChoices(elements.pixel, this.rows.pixels);
    addChoices(elements.code, this.rows.codes);
    addChoices(elements.name, this.rows.names);
    addChoices(elements.warning, this.rows.kinds);
  }
}

function choose(field, value) {
  if (field.tagName === "SELECT" && field.name !== "kind") addChoices(field, value ? [value] : []);
  field.value = value;
  if (field.selectedIndex === -1) field.selectedIndex = 0;
}

/** Keep the fixed options, add the values that are new, sorted, and never lose the choice. */
function addChoices(select, values) {
  const known = new Set([...select.options].map((option) => option.value));
  for (const value of [...values].sort()) if (!known.has(value)) select.append(make("option", { value }, value));
}

function nothingYet() {
  return `Nothing accepted yet. Send a body by hand under Try, or set delivery.base_url to ${location.origin}`;
}
