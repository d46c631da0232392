/* The console's only script. Pages work without it; with it they are live, filter as one types, and copy.

   data-live="SECONDS"  on an element with an id: it is fetched anew and replaced, as long as the page is seen and nobody
                        works inside of it, or has ticked something there; until it comes without this mark.
   data-copy="ID"       a button that copies the text of that element.
   data-all="NAME"      a box that ticks all boxes of that name.
   data-rows            j and k go from row to row inside of it, Enter opens the row's link. */
"use strict";

const live = [...document.querySelectorAll("[data-live]")];

function busy(element) {
  if (element.querySelector("input[type=checkbox]:checked")) return true;
  return element.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, button");
}

async function renew() {
  if (document.hidden || !document.querySelector("[data-live]")) return;
  const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
  if (answer.redirected || !answer.ok) {
    if (answer.redirected) location.reload();
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const one = fresh.getElementById(old.id);
    if (!one || busy(old)) continue;
    if (!("live" in one.dataset)) delete old.dataset.live;
    if (one.innerHTML === old.innerHTML) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const open = new Map([...old.querySelectorAll("details[id]")].map((each) => [each.id, each.open]));
    old.innerHTML = one.innerHTML;
    for (const each of old.querySelectorAll("details[id]")) if (open.has(each.id)) each.open = open.get(each.id);
    if (focused) old.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

if (live.length) {
  const seconds = Math.min(...live.map((one) => Number(one.dataset.live)));
  setInterval(() => renew().catch(() => undefined), seconds * 1000);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  const said = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = said; }, 1500);
});

document.addEventListener("change", (event) => {
  const name = event.target.dataset?.all;
  if (!name) return;
  for (const box of document.querySelectorAll(`input[type=checkbox][name="${name}"]`)) box.checked = event.target.checked;
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    const field = document.querySelector("[data-find]");
    if (field) { event.preventDefault(); field.focus(); field.select(); }
    return;
  }
  const rows = event.target.closest?.("[data-rows]");
  if (!rows || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  const links = [...rows.querySelectorAll("a[data-row]")];
  const at = links.indexOf(document.activeElement);
  const step = { j: 1, k: -1 }[event.key];
  if (step && links[at + step]) { event.preventDefault(); links[at + step].focus(); }
});
