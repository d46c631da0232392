/* The console's only script. Pages work without it; with it they are live, filter as one types, and copy.

   data-live="SECONDS"  on an element with an id: it is fetched anew and replaced, as long as the page is seen and nobody
                        works inside of it, or has ticked or filled in something there; until it comes without this mark.
                        Whatever keeps it from being renewed is said in #renewal.
   data-copy="ID"       a button that copies the text of that element.
   data-all="NAME"      a box that ticks all boxes of that name.
   data-rows            j and k go from row to row inside of it, Enter opens the row's link. */
"use strict";

const LONGEST = 10_000; // milliseconds for which an answer is waited for
const renewal = document.querySelector("#renewal > p");
let renewed = new Date();

const live = () => [...document.querySelectorAll("[data-live]")];

function changed(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (!field.options) return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
}

function busy(element) {
  if ([...element.querySelectorAll("input, select, textarea")].some(changed)) return true;
  return element.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, button");
}

function say(text, signIn = "") {
  const [told, link] = renewal.children;
  if (told.textContent !== text) told.textContent = text; // read aloud once, not with each try
  link.href = signIn;
  link.hidden = !signIn;
  renewal.hidden = !text;
}

function sayWhatWaits() {
  if (document.body.classList.contains("lost")) return;
  say(live().some(busy) ? "Renewal waits while something is ticked, filled in or in focus." : "");
}

async function fetched() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(LONGEST) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (answer.redirected) throw Object.assign(new Error("your session is over."), { signIn: answer.url });
  if (!answer.ok) throw new Error(`${page.querySelector("h1")?.textContent ?? `status ${answer.status}`}.`);
  return page;
}

async function renew() {
  let page;
  try {
    page = await fetched();
  } catch (error) {
    const why = error instanceof TypeError || error instanceof DOMException ? "the connector does not answer." : error.message;
    document.body.classList.add("lost");
    return say(`Not renewed since ${renewed.toISOString().slice(11, 19)} UTC: ${why}`, error.signIn);
  }
  document.body.classList.remove("lost");
  sayWhatWaits();
  if (!live().some(busy)) renewed = new Date();
  for (const old of live()) {
    const one = page.getElementById(old.id);
    if (one && !busy(old)) replace(old, one);
  }
}

function replace(old, one) {
  if (!("live" in one.dataset)) delete old.dataset.live;
  if (one.innerHTML === old.innerHTML) return;
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const open = new Map([...old.querySelectorAll("details[id]")].map((each) => [each.id, each.open]));
  old.innerHTML = one.innerHTML;
  for (const each of old.querySelectorAll("details[id]")) if (open.has(each.id)) each.open = open.get(each.id);
  const again = active?.id ? `#${CSS.escape(active.id)}` : active?.href && `a[href="${CSS.escape(active.getAttribute("href"))}"]`;
  if (again) old.querySelector(again)?.focus();
}

function renewSoon() {
  const seconds = Math.min(...live().map((one) => Number(one.dataset.live)));
  if (seconds < Infinity) setTimeout(() => (document.hidden ? renewSoon() : renew().finally(renewSoon)), seconds * 1000);
}

renewSoon();
for (const kind of ["input", "focusin", "focusout"]) document.addEventListener(kind, () => setTimeout(sayWhatWaits));

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
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox]), textarea, select")) return;
  const rows = event.target.closest("[data-rows]") ?? document.querySelector("[data-rows]");
  const links = [...(rows?.querySelectorAll("a[data-row]") ?? [])];
  const row = document.activeElement.closest("tr, li");
  const at = links.findIndex((one) => row?.contains(one));
  const step = { j: 1, k: -1 }[event.key];
  if (step && links[at + step]) { event.preventDefault(); links[at + step].focus(); }
});
