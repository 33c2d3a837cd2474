// Numbers and times as people read them.

import { dateOf, numberOf, timeOf } from "./dom.js";

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

/** Seconds → the two largest units: `3 h 12 min`, `45 s`. */
export function ageOf(seconds) {
  let left = Math.max(0, Math.round(seconds));
  const place = Math.max(0, UNITS.findIndex(([, size]) => left >= size));
  if (left === 0) return "0 s";
  const parts = [];
  for (const [name, size] of UNITS.slice(place, place + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
}

/** A rate or a share, with as many digits as say something. */
export function rateOf(perSecond) {
  const digits = perSecond >= 100 || Number.isInteger(perSecond) ? 0 : perSecond >= 10 ? 1 : 2;
  return perSecond.toLocaleString("en", { maximumFractionDigits: digits });
}

/** A share of 1. What is not quite none or all does not read as none or all. */
export function percentOf(share) {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  if (percent > 99.9 && percent < 100) return "> 99.9 %";
  return `${percent.toLocaleString("en", { maximumFractionDigits: 1 })} %`;
}

/** Seconds of something short: `45 ms`, `1.2 s`. */
export const durationOf = (seconds) => (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${rateOf(seconds)} s`);

export function bytesOf(bytes) {
  for (const [name, size] of [["MiB", 2 ** 20], ["KiB", 2 ** 10]]) {
    if (bytes >= size) return `${(bytes / size).toLocaleString("en", { maximumFractionDigits: 1 })} ${name}`;
  }
  return `${bytes} B`;
}

/** One thing and `thing`, two and `things`. */
export const plural = (count, one, many = `${one}s`) => (count === 1 ? one : many);

/** `1 thing`, `2,000 things`. */
export const countOf = (count, one) => `${numberOf(count)} ${plural(count, one)}`;

const DAY_S = 86_400;

/** When something began: a text that stays the same, as what is read aloud must. */
export const beginOf = (since, now) => `since ${now - since < DAY_S ? timeOf(since) : dateOf(since)}`;

/** The same, and for how long it has lasted. */
export const sinceOf = (since, now) => `${beginOf(since, now)}, ${ageOf(now - since)}`;
