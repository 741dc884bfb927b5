// The greeters' page on a phone: works without a network, and sends what it noted when there is
// one. Who is here is the server's list with what this phone has not sent yet laid over it; both
// are kept in this browser, an entry under a key of its own, so that several windows can't lose
// one another's. All of it is wiped some hours after the event, and on signing out.
"use strict";

const desk = document.getElementById("door");
const words = JSON.parse(document.getElementById("door-words").textContent);
const event = desk.dataset.event;
const LIST = `door:${event}:list`;
const ENTRY = `door:${event}:entry:`;
const FORGET = `door:${event}:forget`;
const EVERY = 10_000; // milliseconds between two looks at the server
const PATIENCE = 15_000;
const AT_ONCE = 200;
const UNSENT_KEPT = 7 * 24 * 3600_000;

// -- what this browser keeps ------------------------------------------------------------------
const keys = (prefix) => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
const read = (key) => JSON.parse(localStorage.getItem(key) || "null");
const entries = () =>
  keys(ENTRY).map(read).filter(Boolean).sort((one, other) => (one.at < other.at ? -1 : 1));
const device = () => {
  let name = localStorage.getItem("door:device");
  if (!name) localStorage.setItem("door:device", (name = crypto.randomUUID()));
  return name;
};
const known = () => read(LIST) || { version: null, offset: 0, people: [], taken: 0, capacity: null };

async function wipe(prefix = "door:") {
  for (const key of keys(prefix)) localStorage.removeItem(key);
  await caches.delete("door");
}

async function wipeWhatIsOver() {
  const now = Date.now() + known().offset;
  for (const key of keys("door:").filter((each) => each.endsWith(":forget"))) {
    const prefix = key.slice(0, -"forget".length);
    const late = now - Date.parse(localStorage.getItem(key));
    const unsent = keys(`${prefix}entry:`).length;
    if (late > (unsent ? UNSENT_KEPT : 0)) await wipe(prefix);
    else if (late > 0) localStorage.removeItem(`${prefix}list`);
  }
  if (!localStorage.getItem(FORGET)) location.replace("/admin/events"); // else it came back
}

// -- what a greeter does ----------------------------------------------------------------------
function note(kind, person, more = {}) {
  const { offset } = known();
  const isEarly = Date.now() + offset < Date.parse(desk.dataset.asksUntil);
  if (isEarly && kind !== "undone" && !confirm(words.early)) return false;
  const last = person && person.last ? Date.parse(person.last) + 1 : 0;
  const now = Math.max(Date.now() + offset, last);
  const [id, at] = [orderedId(now), new Date(now).toISOString()];
  const entry = { id, rsvp: person ? person.id : id, kind, at, guests: null, ...more };
  localStorage.setItem(ENTRY + id, JSON.stringify(entry));
  draw();
  send();
  return true;
}

// A UUID of version 7: of two entries with one instant the later is still the greater.
function orderedId(now) {
  const stamp = Math.trunc(now).toString(16).padStart(12, "0");
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

function people() {
  const all = new Map(known().people.map((each) => [each.id, { ...each }]));
  for (const entry of entries()) {
    if (entry.kind === "walk-in" && !all.has(entry.rsvp)) {
      all.set(entry.rsvp, {
        id: entry.rsvp, name: entry.name, handle: "", status: "none", guests: 0, code: "", url: "",
      });
    }
    const person = all.get(entry.rsvp);
    if (!person) continue;
    person.waits = true;
    person.last = !person.last || entry.at > person.last ? entry.at : person.last;
    if (entry.kind === "undone") {
      person.came = null;
      if (person.status === "attended") person.status = ""; // how they stood the server knows
    } else if (!person.came) {
      person.came = entry.at;
      person.guests = entry.guests ?? person.guests;
    }
  }
  return [...all.values()].filter((each) => each.came || each.status !== "none");
}

// -- what it looks like -----------------------------------------------------------------------
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const search = document.getElementById("door-search");
const list = document.getElementById("door-people");
const shape = document.getElementById("door-person");
const state = document.getElementById("door-state");
let trouble = null; // which words say it, and a number where it is not that of what waits

function draw() {
  const everyone = people().sort((one, other) => one.name.localeCompare(other.name));
  const wanted = plain(search.value.trim());
  const found = everyone.filter((each) =>
    plain(`${each.name} ${each.handle} ${each.code} ${each.url}`).includes(wanted));
  const focused = document.activeElement?.closest?.("[data-rsvp]")?.dataset.rsvp;
  const types = list.contains(document.activeElement) && document.activeElement.matches("input");
  if (!types) list.replaceChildren(...found.map(line)); // else the number being typed were lost
  if (focused && !types) list.querySelector(`[data-rsvp="${CSS.escape(focused)}"] button`)?.focus();
  const heads = (those) => those.reduce((sum, each) => sum + 1 + each.guests, 0);
  const here = heads(everyone.filter((each) => each.came));
  const seated = heads(everyone.filter((each) => each.came || each.status === "going"));
  const { capacity } = known();
  document.getElementById("door-here").textContent = here;
  document.getElementById("door-expected").textContent =
    heads(everyone.filter((each) => !each.came && each.status === "going"));
  const over = document.getElementById("door-over");
  over.hidden = capacity === null || seated <= capacity;
  over.textContent = words.over.replace("{number}", seated - capacity);
  document.getElementById("door-none").hidden = found.length > 0;
  const unsent = entries().length;
  const said = words[trouble ? trouble.words : unsent ? "unsent" : "sent"];
  state.textContent = said.replace("{number}", trouble?.number ?? unsent);
  state.classList.toggle("is-waiting", Boolean(trouble || unsent));
}

function line(person) {
  const row = shape.content.firstElementChild.cloneNode(true);
  const part = (name) => row.querySelector(`[data-part="${name}"]`);
  const called = person.name || person.handle || words.nameless;
  row.dataset.rsvp = person.id;
  row.classList.toggle("is-here", Boolean(person.came));
  part("name").textContent = called;
  part("handle").textContent = person.name ? person.handle : "";
  part("code").textContent = person.code;
  part("status").textContent = person.came
    ? words.here + (person.guests ? ` +${person.guests}` : "")
    : words.statuses[person.status] || "";
  const guests = part("guests");
  guests.value = person.guests;
  guests.setAttribute("aria-label", `${words.guests}: ${called}`);
  part("guests-field").hidden = Boolean(person.came);
  const button = part("button");
  button.textContent = person.came ? words.undo : words.arrive;
  button.classList.toggle("button-calm", Boolean(person.came));
  button.setAttribute("aria-label", `${button.textContent}: ${called}`);
  button.addEventListener("click", (click) => {
    if (click.detail > 1) return; // the second half of a double tap, which would take back the first
    guests.blur(); // some browsers leave the focus where it was
    if (person.came) note("undone", person);
    else if (guests.reportValidity()) note("came", person, { guests: Number(guests.value) });
  });
  return row;
}

// -- to the server and back -------------------------------------------------------------------
let sending = false;
let again = false;

async function send() {
  if (sending) {
    again = true;
    return;
  }
  sending = true;
  do {
    again = false;
    trouble = await exchange().catch(() => ({ words: "offline" })); // no answer, or no sense in it
  } while (again && !trouble);
  sending = false;
  draw();
}

async function exchange() {
  const { version, offset } = known();
  const some = entries().slice(0, AT_ONCE);
  const answer = await fetch(desk.dataset.sync, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Word": desk.dataset.csrf },
    body: JSON.stringify({ device: device(), version, entries: some }),
    signal: AbortSignal.timeout(PATIENCE),
  });
  if ([401, 403, 404, 410].includes(answer.status)) {
    localStorage.removeItem(LIST);
    await caches.delete("door");
    return { words: "signIn" };
  }
  if (!answer.ok) return { words: "offline" };
  const told = await answer.json();
  if (!localStorage.getItem(FORGET)) return null; // wiped meanwhile: nothing is kept any more
  const fresh = told.list ? { ...told.list, version: told.version } : known();
  localStorage.setItem(
    LIST, JSON.stringify({ ...fresh, offset: drift(Date.parse(told.now), offset) }));
  for (const id of [...told.done, ...told.refused.map((each) => each.id)]) {
    localStorage.removeItem(ENTRY + id);
  }
  if (told.refused.length) return { words: "refused", number: told.refused.length };
  if (entries().length) again = true;
  return null;
}

// A clock that is nearly right is left alone, so that what it says stays in order.
function drift(now, before) {
  const off = now - Date.now();
  return Math.abs(off - before) < 2000 ? before : off;
}

// -- walk-ins, search, sign-out ---------------------------------------------------------------
const newcomer = document.getElementById("door-walk-in");
newcomer.addEventListener("submit", (submit) => {
  submit.preventDefault();
  const { name, guests } = newcomer.elements;
  if (!name.value.trim() && name.required) return;
  const said = { name: name.value.trim(), guests: Number(guests.value) };
  if (!note("walk-in", null, said)) return;
  newcomer.reset();
  name.focus();
});
search.addEventListener("input", draw);
search.form.addEventListener("submit", (submit) => submit.preventDefault());
const out = document.getElementById("door-sign-out");
out.addEventListener("submit", async (submit) => {
  submit.preventDefault();
  await send();
  if (entries().length && !confirm(words.leave)) return;
  clearInterval(looking);
  await wipe();
  out.submit();
});

// -- the camera, where the browser can read a code --------------------------------------------
const scan = document.getElementById("door-scan");
const view = document.getElementById("door-view");
let camera = null;

function stopCamera() {
  camera?.getTracks().forEach((track) => track.stop());
  camera = null;
  view.hidden = true;
  scan.setAttribute("aria-pressed", "false");
}

async function lookForCode() {
  const reader = new BarcodeDetector({ formats: ["qr_code"] });
  camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  view.hidden = false;
  view.srcObject = camera;
  scan.setAttribute("aria-pressed", "true");
  await view.play();
  while (camera) {
    const [code] = await reader.detect(view);
    const person = code && people().find((each) => each.url === code.rawValue);
    if (person) {
      search.value = person.code;
      stopCamera();
      draw();
      list.querySelector("button")?.focus();
    }
    await new Promise((next) => setTimeout(next, 250));
  }
}

if ("BarcodeDetector" in window && navigator.mediaDevices) {
  scan.hidden = false;
  scan.addEventListener("click", () => {
    if (camera) stopCamera();
    else lookForCode().catch(() => { stopCamera(); scan.hidden = true; });
  });
}

// -- begin ------------------------------------------------------------------------------------
async function keepPage() {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register(desk.dataset.worker, { scope: location.pathname });
  const files = [...document.querySelectorAll("link[rel=stylesheet], script[src]")];
  const cache = await caches.open("door");
  await cache.addAll([location.pathname, ...files.map((each) => each.href || each.src)]);
}

for (const part of document.querySelectorAll("[data-without-script]")) part.remove();
for (const part of document.querySelectorAll("[data-with-script]")) part.hidden = false;
if (!localStorage.getItem(FORGET) || desk.dataset.forget > localStorage.getItem(FORGET)) {
  localStorage.setItem(FORGET, desk.dataset.forget);
}
addEventListener("online", send);
addEventListener("storage", draw);
addEventListener("pagehide", stopCamera);
const looking = setInterval(() => { wipeWhatIsOver(); send(); }, EVERY);
draw();
send().then(wipeWhatIsOver); // by the server's clock: this phone's may be a day ahead
keepPage().catch(() => {}); // without it the page still notes and sends, but can't be reloaded
