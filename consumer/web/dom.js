// Building the page out of text, never out of markup: what an event holds is anyone's text.

/** An element with attributes and children; strings become text nodes. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(attribute, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function badge(text, kind = "") {
  return make("span", { class: `badge ${kind}` }, text);
}

export function byId(id) {
  return document.getElementById(id);
}

/** Change the text only if it differs: screen readers and layouts are left alone otherwise. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" };
const clock = new Intl.DateTimeFormat([], TIME);
const day = new Intl.DateTimeFormat([], { ...TIME, day: "numeric", month: "short" });
const calendar = new Intl.DateTimeFormat([], { ...TIME, day: "numeric", month: "short", year: "numeric" });

/** Unix seconds as a time of the day, with its zone; with the day; with the year. */
export const timeOf = (unixS) => clock.format(unixS * 1000);
export const dayOf = (unixS) => day.format(unixS * 1000);
export const dateOf = (unixS) => calendar.format(unixS * 1000);
export const numberOf = (count) => count.toLocaleString("en");

/** Line breaks and indents between the tokens of a JSON text; the tokens stay exactly as they are. */
export function indented(json) {
  const parts = [];
  const newline = (depth) => parts.push("\n", "  ".repeat(depth));
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    const before = parts[parts.length - 1];
    if (token === "}" || token === "]") {
      depth -= 1;
      if (before !== "{" && before !== "[") newline(depth);
      parts.push(token);
      continue;
    }
    if (before === "{" || before === "[") newline(depth);
    parts.push(token);
    if (token === "{" || token === "[") depth += 1;
    else if (token === ",") newline(depth);
    else if (token === ":") parts.push(" ");
  }
  return parts.join("");
}

const ANSWER_WITHIN_MS = 30_000;

/** Ask the process that serves the page; the answer's JSON. Throws with its own words where it says no, and if it is silent. */
export async function ask(method, path, body, withinMs = ANSWER_WITHIN_MS) {
  const options = { method, headers: {}, signal: AbortSignal.timeout(withinMs) };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const answer = await fetch(path, options);
  const text = await answer.text();
  const json = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(json?.error ?? `HTTP ${answer.status}`);
  return json;
}
