// What can be folded away. On a phone it is closed until it is asked for.

const phone = matchMedia("(max-width: 44rem)");

export function startFolds() {
  if (phone.matches) foldAll();
  phone.addEventListener("change", foldAll); // it was turned
  document.addEventListener("click", ({ target }) => openTarget(target.closest('a[href^="#"]')));
}

function foldAll() {
  for (const fold of document.querySelectorAll("details.fold")) fold.open = !phone.matches;
}

/** A link into a fold opens it. */
function openTarget(link) {
  const fold = link && document.getElementById(link.hash.slice(1))?.closest("details.fold");
  if (fold) fold.open = true;
}
