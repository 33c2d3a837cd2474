// The list of accepted events: filter, newest rows, and what they cover.

import { ask, badge, byId, make, numberOf, setText, timeOf } from "./dom.js";
import { showDetail } from "./detail.js";
import { Rows, filterOf } from "./rows.js";

const PAGE = 100; // rows in the document at first, and more with each press of the button
const PAUSE_MS = 200; // from news to its drawing
const BUSY_PAUSE_MS = 800; // the same while events pour in: people are to be served first
const BUSY_ROWS = 200;

export class Events {
  constructor() {
    this.rows = new Rows();
    this.fields = [];
    this.keys = [];
    this.shown = PAGE;
    this.nodes = new Map(); // number of an event → its list item
    this.isPaused = false;
    this.waiting = false;
    this.list = byId("events");
    this.form = byId("filter");
    this.#listen();
  }

  hello({ fields, match_keys: keys, rows }) {
    this.fields = fields;
    this.keys = keys;
    this.rows.limit = rows;
    const select = this.form.elements.field;
    if (select.options.length === 1) select.append(...fields.map((name) => make("option", {}, name)));
    if (!this.bars) this.#makeBars();
    this.draw();
  }

  clear() {
    this.rows.clear();
    this.nodes.clear();
    this.list.replaceChildren();
    this.draw();
  }

  add(arrays) {
    this.rows.add(arrays);
    this.#refreshOpen(new Set(arrays.map((array) => array[7])));
    this.#drawSoon(arrays.length > BUSY_ROWS ? BUSY_PAUSE_MS : PAUSE_MS);
  }

  /** A paused list stays as it is, unless a person asks for another part of it. */
  draw(isAsked = false) {
    this.#choices();
    this.#coverage();
    const total = this.rows.matches.length;
    if (!this.isPaused || isAsked) this.#drawList(this.rows.newest(this.shown));
    const drawn = Math.min(this.shown, total);
    setText(byId("shown"), total ? `${numberOf(drawn)} newest of ${numberOf(total)}${this.isPaused ? ", paused" : ""}` : "");
    byId("more").hidden = total <= this.shown;
    byId("nothing").hidden = total > 0;
    setText(byId("nothing"), this.rows.all.length ? "Nothing passes the filter." : nothingYet());
  }

  #listen() {
    this.form.addEventListener("input", () => this.#filter());
    this.form.addEventListener("reset", () => setTimeout(() => this.#filter()));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    byId("more").addEventListener("click", () => {
      this.shown += PAGE;
      this.draw(true);
    });
    byId("pause").addEventListener("click", (event) => {
      this.isPaused = !this.isPaused;
      event.target.setAttribute("aria-pressed", String(this.isPaused));
      this.draw();
    });
    byId("forget").addEventListener("click", () => ask("DELETE", "/sandbox/events"));
  }

  #filter() {
    const values = Object.fromEntries(new FormData(this.form));
    this.rows.filter(filterOf(values, this.fields));
    this.shown = PAGE;
    this.draw(true);
  }

  #drawSoon(pauseMs) {
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      this.waiting = false;
      this.draw();
    }, pauseMs);
  }

  /** Bring the list to the wanted rows, moving nothing that stays; what is open stays open. */
  #drawList(wanted) {
    const numbers = new Set(wanted.map((row) => row.seq));
    for (const [seq, node] of this.nodes) {
      if (!numbers.has(seq)) {
        node.remove();
        this.nodes.delete(seq);
      }
    }
    let place = this.list.firstChild;
    for (const row of wanted) {
      const node = this.nodes.get(row.seq) ?? this.#item(row);
      if (node === place) place = place.nextSibling;
      else this.list.insertBefore(node, place);
      this.#noteCopies(row, node);
    }
  }

  #item(row) {
    const box = make("div", { class: "detail" });
    const details = make("details", { "data-seq": row.seq, "data-first": row.first }, this.#summary(row), box);
    details.addEventListener("toggle", () => {
      if (details.open) showDetail(box, row.seq);
      else box.replaceChildren();
    });
    const item = make("li", {}, details);
    this.nodes.set(row.seq, item);
    return item;
  }

  #summary(row) {
    const where = row.code === null ? row.pixel : `${row.pixel} · ${row.code}`;
    return make(
      "summary",
      {},
      make("span", { class: "time" }, timeOf(row.at)),
      make("span", { class: "name" }, row.event),
      make("span", { class: "id" }, `${row.id ?? "no event_id"} · ${where}`),
      make("span", { class: "badges" }, ...badges(row), make("span", { class: "badge warn", "data-copies": "", hidden: "" })),
    );
  }

  #noteCopies(row, node) {
    const count = this.rows.copies.get(row.seq) ?? 0;
    if (!count) return;
    const note = node.querySelector("[data-copies]");
    note.hidden = false;
    setText(note, `+${count} ${count === 1 ? "copy" : "copies"}`);
  }

  /** An open event's story changes when a copy of it arrives. */
  #refreshOpen(firsts) {
    for (const details of this.list.querySelectorAll("details[open]")) {
      if (firsts.has(Number(details.dataset.first))) showDetail(details.lastElementChild, details.dataset.seq);
    }
  }

  #choices() {
    fillSelect(this.form.elements.pixel, this.rows.pixels);
    fillSelect(this.form.elements.code, this.rows.codes);
    const names = byId("names");
    if (names.children.length !== this.rows.names.size) {
      names.replaceChildren(...[...this.rows.names].sort().map((value) => make("option", { value })));
    }
  }

  #makeBars() {
    this.bars = [...this.keys, "any of them"].map((name) => {
      const label = name.replaceAll("_", " ");
      const bar = make("progress", { max: 100, value: 0, "aria-label": label });
      const share = make("span", { class: "share" }, "–");
      return { box: make("div", { class: "bar" }, make("span", {}, make("span", {}, label), share), bar), bar, share };
    });
    byId("coverage-bars").append(...this.bars.map(({ box }) => box));
  }

  #coverage() {
    if (!this.bars) return;
    const total = this.rows.matches.length;
    setText(byId("coverage-of"), total ? `in ${numberOf(total)} ${total === 1 ? "event" : "events"}` : "");
    this.rows.coverage(this.keys.length).forEach((count, place) => {
      const percent = total ? (100 * count) / total : 0;
      this.bars[place].bar.value = percent;
      setText(this.bars[place].share, total ? `${percent.toFixed(percent % 1 ? 1 : 0)} %` : "–");
    });
  }
}

function badges(row) {
  const all = [];
  if (row.fate === "merged") all.push(badge("merged copy", "warn"));
  if (row.fate === "dropped") all.push(badge("dropped copy", "bad"));
  if (!row.answered) all.push(badge("not answered", "bad"));
  if (row.warnings) all.push(badge(`${row.warnings} ${row.warnings === 1 ? "warning" : "warnings"}`, "warn"));
  if (!row.keys) all.push(badge("no match key", "bad"));
  else all.push(badge(`${bits(row.keys)} match ${bits(row.keys) === 1 ? "key" : "keys"}`, "good"));
  return all;
}

const bits = (mask) => mask.toString(2).replaceAll("0", "").length;

/** Keep the fixed options, add the values that are new, sorted, and never lose the choice. */
function fillSelect(select, values) {
  const known = new Set([...select.options].map((option) => option.value));
  for (const value of [...values].sort()) if (!known.has(value)) select.append(make("option", { value }, value));
}

function nothingYet() {
  return `Nothing accepted yet. Send a body by hand under Try, or set delivery.base_url to ${location.origin}`;
}
