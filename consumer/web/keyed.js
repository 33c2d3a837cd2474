// Lists that are drawn again and again: what stays is changed in place, so that focus and selection stay, too.

/**
 * Bring an element's children to the items given, in their order.
 * `make(item)` builds a child; `update(child, item)` is called for every one.
 */
export function drawKeyed(list, items, keyOf, make, update) {
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const used = new Set();
  const focused = document.activeElement;
  let place = list.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = known.get(key);
    if (!child || used.has(child)) {
      child = make(item);
      child.dataset.key = key;
    }
    used.add(child);
    if (child === place) place = place.nextElementSibling;
    else list.insertBefore(child, place);
    update(child, item);
  }
  for (const child of [...list.children]) if (!used.has(child)) child.remove();
  if (focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true }); // it was moved
}

/** The element within a child that was made with this `data-part`. */
export const part = (child, name) => child.querySelector(`[data-part="${name}"]`);
