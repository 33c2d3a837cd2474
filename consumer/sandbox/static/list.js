// The rows in the document: a bounded number, newest first, and what is open among them.

import { badge, dateOf, dayOf, make, setText } from "./dom.js";
import { ageOf, plural } from "./format.js";
import { showDetail } from "./detail.js";
import { nowS } from "./now.js";

const AGES_MS = 5000; // ages grow by themselves

export class List {
  /** `onOpen` is called when a person opens or closes an event. */
  constructor(element, onOpen) {
    this.element = element;
    this.onOpen = onOpen;
    this.nodes = new Map(); // number of an event → its list item
    this.open = new Set(); // numbers
    setInterval(() => this.#grow(), AGES_MS);
  }

  clear() {
    this.nodes.clear();
    this.open.clear();
    this.element.replaceChildren();
  }

  /** Bring the list to the wanted rows, moving nothing that stays; what is open stays open. */
  draw(wanted, copies) {
    const numbers = new Set(wanted.map((row) => row.seq));
    for (const [seq, node] of this.nodes) {
      if (!numbers.has(seq)) {
        node.remove();
        this.nodes.delete(seq);
      }
    }
    let place = this.element.firstChild;
    for (const row of wanted) {
      const node = this.nodes.get(row.seq) ?? this.#item(row);
      if (node === place) place = place.nextSibling;
      else this.element.insertBefore(node, place);
      noteCopies(node, copies.get(row.seq) ?? 0);
    }
  }

  /** An open event's story changes when a copy of it arrives. */
  refresh(firsts) {
    for (const details of this.element.querySelectorAll("details[open]")) {
      if (firsts.has(Number(details.dataset.first))) showDetail(details.lastElementChild, details.dataset.seq);
    }
  }

  /** Go to an event as soon as its details are there. False if there is no such row. */
  scrollTo(seq) {
    const node = this.nodes.get(seq);
    this.details?.then(() => node?.scrollIntoView({ block: "start" }));
    return node !== undefined;
  }

  #item(row) {
    const box = make("div", { class: "detail" });
    const details = make("details", { "data-seq": row.seq, "data-first": row.first }, summary(row), box);
    if (this.open.has(row.seq)) {
      details.open = true;
      this.details = showDetail(box, row.seq);
    }
    details.addEventListener("toggle", () => {
      if (details.open === this.open.has(row.seq)) return; // it was opened by this script
      if (details.open) this.open.add(row.seq);
      else this.open.delete(row.seq);
      if (details.open) showDetail(box, row.seq);
      else box.replaceChildren();
      this.onOpen();
    });
    const item = make("li", {}, details);
    this.nodes.set(row.seq, item);
    return item;
  }

  #grow() {
    for (const age of this.element.querySelectorAll("[data-at]")) setText(age, ago(Number(age.dataset.at)));
  }
}

const ago = (at) => `${ageOf(nowS() - at)} ago`;

function summary(row) {
  const order = row.order === null ? "" : `order ${row.order} · `;
  const code = row.code === null ? "" : ` · ${row.code}`;
  return make(
    "summary",
    {},
    make("span", { class: "time" }, make("span", { title: dateOf(row.at) }, dayOf(row.at)), " ", make("span", { "data-at": row.at }, ago(row.at))),
    make("span", { class: "name" }, row.event),
    make("span", { class: "value" }, worth(row)),
    make("span", { class: "id" }, `${row.id ?? "no event_id"} · ${order}${row.pixel}${code}`),
    make("span", { class: "badges" }, ...badges(row), make("span", { class: "badge warn", "data-copies": "", hidden: "" })),
  );
}

function worth({ value, currency }) {
  if (value === null) return currency === null ? "" : `no value, ${currency}`;
  return `${value} ${currency ?? "without currency"}`;
}

function noteCopies(node, count) {
  if (!count) return;
  const note = node.querySelector("[data-copies]");
  note.hidden = false;
  setText(note, `+${count} ${plural(count, "copy", "copies")}`);
}

function badges(row) {
  const all = [];
  const warned = row.warnings.length;
  const keys = row.keys.toString(2).replaceAll("0", "").length;
  if (row.fate === "merged") all.push(badge("merged copy", "warn"));
  if (row.fate === "dropped") all.push(badge("dropped copy", "bad"));
  if (!row.answered) all.push(badge("not answered", "bad"));
  if (warned) all.push(badge(`${warned} ${plural(warned, "warning")}`, "warn"));
  if (keys) all.push(badge(`${keys} match ${plural(keys, "key")}`, "good"));
  else all.push(badge("no match key", "bad"));
  return all;
}
