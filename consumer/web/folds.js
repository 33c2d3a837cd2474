// What can be folded away. On a phone it is closed until it is asked for.

export function startFolds() {
  if (!matchMedia("(max-width: 44rem)").matches) return;
  for (const fold of document.querySelectorAll("details.fold")) fold.open = false;
}
