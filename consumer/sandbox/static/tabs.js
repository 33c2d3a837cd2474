// Tabs as the ARIA Authoring Practices have them: arrows, Home and End move; the address remembers.

const tabs = [...document.querySelectorAll('[role="tab"]')];

export function startTabs() {
  for (const tab of tabs) {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => move(event, tabs.indexOf(tab)));
  }
  window.addEventListener("hashchange", follow);
  follow();
}

function follow() {
  const tab = tabs.find((one) => one.id === `tab-${location.hash.slice(1)}`);
  if (tab) select(tab);
}

function select(chosen) {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
  }
  history.replaceState(null, "", `#${chosen.id.slice(4)}`);
}

function move(event, place) {
  const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  const tab = tabs[(next + tabs.length) % tabs.length];
  select(tab);
  tab.focus();
}
