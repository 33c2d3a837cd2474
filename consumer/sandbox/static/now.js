// What time it is by the sandbox's clock, which the times of events are of. The browser's may be wrong.

let aheadS = 0;

/** The sandbox says that it is this Unix time now. */
export function setNow(unixS) {
  aheadS = unixS - Date.now() / 1000;
}

/** Unix seconds. */
export const nowS = () => Date.now() / 1000 + aheadS;
