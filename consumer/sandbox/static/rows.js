// The rows the page holds, which of them the filter lets through, and what they have in common.

const PLACES = [
  "seq", "at", "pixel", "code", "event", "id", "fate", "first", "keys", "warnings", "answered", "fields",
  "value", "currency", "order",
];
const MOST_NAMES = 200; // in the filter's choices

/** Up to 53 bits in a number: `&` would cut it to 32. */
const hasBit = (mask, place) => Math.floor(mask / 2 ** place) % 2 === 1;

export class Rows {
  constructor() {
    this.limit = 20000;
    this.kinds = []; // of warnings, as text, by the number that rows have
    this.clear();
  }

  clear() {
    this.all = [];
    this.pixels = new Set();
    this.codes = new Set();
    this.names = new Set();
    this.copies = new Map(); // first's number → how many copies of it came
  }

  get last() {
    return this.all.at(-1)?.seq ?? 0;
  }

  /** Take rows as they come from the stream: arrays, in order. */
  add(arrays) {
    for (const array of arrays) {
      const row = Object.fromEntries(PLACES.map((name, place) => [name, array[place]]));
      this.all.push(row);
      this.pixels.add(row.pixel);
      if (row.code !== null) this.codes.add(row.code);
      if (this.names.size < MOST_NAMES) this.names.add(row.event);
      if (row.first !== row.seq) this.copies.set(row.first, (this.copies.get(row.first) ?? 0) + 1);
    }
    if (this.all.length > this.limit * 1.1) this.#forgetOldest();
  }

  /** The row with this number; the rows are in order. */
  row(seq) {
    let low = 0;
    for (let high = this.all.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.all[middle].seq < seq) low = middle + 1;
      else high = middle;
    }
    return this.all[low]?.seq === seq ? this.all[low] : undefined;
  }

  /**
   * One look at all rows up to the number `last`: those that pass, and counts by name and by warning. Each of these
   * counts leaves its own part of the filter aside, so that what was not chosen stays there to be chosen.
   */
  view(filter, last, keys) {
    const view = { rows: [], names: new Map(), warned: new Map(), keys: new Array(keys + 1).fill(0) };
    for (const row of this.all) {
      if (row.seq > last) break;
      if (!filter.rest(row)) continue;
      const isNamed = filter.name(row);
      const isWarned = filter.warning(row);
      if (isWarned) add(view.names, row.event);
      if (isNamed) for (const kind of row.warnings) add(view.warned, kind);
      if (isNamed && isWarned) take(view, row, keys);
    }
    return view;
  }

  #forgetOldest() {
    this.all = this.all.slice(-this.limit);
    const oldest = this.all[0].seq;
    for (const first of this.copies.keys()) if (first < oldest) this.copies.delete(first);
  }
}

const add = (counts, key) => counts.set(key, (counts.get(key) ?? 0) + 1);

/** Note a row that passes; the last count of `view.keys` is of those with any key. */
function take(view, row, keys) {
  view.rows.push(row);
  for (let place = 0; place < keys; place += 1) if (hasBit(row.keys, place)) view.keys[place] += 1;
  if (row.keys) view.keys[keys] += 1;
}

const KINDS = {
  "": () => true,
  warned: (row) => row.warnings.length > 0,
  copies: (row) => row.fate === "merged" || row.fate === "dropped",
  unmatched: (row) => row.keys === 0,
  untold: (row) => !row.answered,
};

/** The filter form's values → what a row must be. */
export function filterOf(values, { fields, kinds, isFound }) {
  const field = values.field === "" ? null : fields.indexOf(values.field);
  const warning = values.warning === "" ? null : kinds.indexOf(values.warning);
  const isKind = KINDS[values.kind] ?? KINDS[""];
  return {
    name: (row) => !values.name || row.event === values.name,
    warning: (row) => warning === null || row.warnings.includes(warning),
    rest: (row) =>
      isFound(row.seq) &&
      (field === null || (field >= 0 && hasBit(row.fields, field))) &&
      (!values.pixel || row.pixel === values.pixel) &&
      (!values.code || (values.code === "-" ? row.code === null : row.code === values.code)) &&
      isKind(row),
  };
}
