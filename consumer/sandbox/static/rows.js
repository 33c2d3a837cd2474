// The rows the page holds, which of them the filter lets through, and what they cover.

const PLACES = ["seq", "at", "pixel", "code", "event", "id", "fate", "first", "keys", "warnings", "answered", "fields"];

/** Up to 53 bits in a number: `&` would cut it to 32. */
export const hasBit = (mask, place) => Math.floor(mask / 2 ** place) % 2 === 1;

export class Rows {
  constructor() {
    this.limit = 20000;
    this.clear();
  }

  clear() {
    this.all = [];
    this.matches = [];
    this.pixels = new Set();
    this.codes = new Set();
    this.names = new Set();
    this.copies = new Map(); // first's number → how many copies of it came
    this.keep ??= () => true;
  }

  /** Take rows as they come from the stream: arrays, in order. */
  add(arrays) {
    for (const array of arrays) {
      const row = Object.fromEntries(PLACES.map((name, place) => [name, array[place]]));
      this.all.push(row);
      this.pixels.add(row.pixel);
      if (row.code !== null) this.codes.add(row.code);
      if (this.names.size < 200) this.names.add(row.event);
      if (row.first !== row.seq) this.copies.set(row.first, (this.copies.get(row.first) ?? 0) + 1);
      if (this.keep(row)) this.matches.push(row);
    }
    if (this.all.length > this.limit * 1.1) this.#forgetOldest();
  }

  filter(keep) {
    this.keep = keep;
    this.matches = this.all.filter(keep);
  }

  newest(count) {
    return this.matches.slice(-count).reverse();
  }

  /** How many of the matching rows have each key; the last number: how many have any. */
  coverage(keys) {
    const counts = new Array(keys + 1).fill(0);
    for (const row of this.matches) {
      for (let place = 0; place < keys; place += 1) if (hasBit(row.keys, place)) counts[place] += 1;
      if (row.keys) counts[keys] += 1;
    }
    return counts;
  }

  #forgetOldest() {
    this.all = this.all.slice(-this.limit);
    const oldest = this.all[0].seq;
    this.matches = this.matches.filter((row) => row.seq >= oldest);
    for (const first of this.copies.keys()) if (first < oldest) this.copies.delete(first);
  }
}

/** The filter form's values → what a row must be. */
export function filterOf(values, fields) {
  const name = values.name.trim().toLowerCase();
  const id = values.id.trim().toLowerCase();
  const field = values.field === "" ? -1 : fields.indexOf(values.field);
  const kinds = {
    "": () => true,
    warned: (row) => row.warnings > 0,
    copies: (row) => row.fate === "merged" || row.fate === "dropped",
    unmatched: (row) => row.keys === 0,
    untold: (row) => !row.answered,
  };
  const isKind = kinds[values.kind];
  return (row) =>
    (!name || row.event.toLowerCase().includes(name)) &&
    (!id || (row.id ?? "").toLowerCase().includes(id)) &&
    (field < 0 || hasBit(row.fields, field)) &&
    (!values.pixel || row.pixel === values.pixel) &&
    (!values.code || (values.code === "-" ? row.code === null : row.code === values.code)) &&
    isKind(row);
}
