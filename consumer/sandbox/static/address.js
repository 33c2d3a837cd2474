// The page's address holds the filter and the open events: a reload or a shared link shows the same.

const OPEN = "open"; // RUN.NUMBER,NUMBER: numbers mean something in one run of the sandbox only
const PAUSE_MS = 200; // browsers allow an address to change only so often
const MOST_OPEN = 20;

let timer;

/** What the address asks for: values of the filter's fields, and which events of which run are open. */
export function readAddress() {
  const asked = new URLSearchParams(location.search);
  const [run, numbers = ""] = (asked.get(OPEN) ?? "").split(".");
  asked.delete(OPEN);
  return { values: Object.fromEntries(asked), run, open: numbers.split(",").map(Number).filter(Boolean).slice(0, MOST_OPEN) };
}

/** Let the address follow, soon. */
export function writeAddress(values, run, open) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const told = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
    if (open.length) told.set(OPEN, `${run}.${open.slice(-MOST_OPEN).join(",")}`);
    const query = told.toString();
    history.replaceState(null, "", `${location.pathname}${query && `?${query}`}${location.hash}`);
  }, PAUSE_MS);
}
