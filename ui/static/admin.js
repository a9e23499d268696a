// Keeps a page of the console up to date: the server says that something has
// ended, and the page is asked for again. It leaves when the session is over.

const mine = document.body.dataset.session;
const box = () => document.getElementById("live");
localTimes(document);

// On a phone the sections are a row that is wider than the screen: the one that is shown is brought into it.
document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// The console asks people without a session to sign in.
function leave() { location.replace("/admin"); }

let looking = false;
let again = false;

// look asks for the part of the page that lives. The server does not count it as a use.
async function look() {
  if (looking) { again = true; return; }
  looking = true;
  try {
    const answer = await fetch(box().dataset.live, { redirect: "error", cache: "no-store" });
    if (answer.status === 401) leave();
    if (answer.status === 200) show(await answer.text());
  } catch {
    // not now: the network may be away
  }
  looking = false;
  if (again) { again = false; look(); }
}

// show puts the new part in the place of the old one, and the focus back to where it was.
function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  if (page.body.dataset.session !== mine) { leave(); return; }
  const fresh = page.getElementById("live");
  const old = box();
  if (!fresh || !old) return;
  localTimes(fresh);
  if (old.innerHTML === fresh.innerHTML) return;
  const had = old.contains(document.activeElement) ? place(document.activeElement) : null;
  old.replaceWith(fresh);
  if (had === null) return;
  const same = [...fresh.querySelectorAll("button, a")].find((el) => place(el) === had);
  (same ?? fresh).focus({ preventScroll: true });
}

// place names a button or link by where it leads.
function place(el) {
  const form = el.closest("form");
  return form ? form.getAttribute("action") : el.getAttribute("href") ?? "";
}

// localTimes shows times of day in the reader's zone.
function localTimes(root) {
  const lang = document.documentElement.lang;
  const region = navigator.language.startsWith(lang) ? navigator.language : lang;
  const clock = new Intl.DateTimeFormat(region, { timeStyle: "medium" });
  const stamp = new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "medium" });
  for (const time of root.querySelectorAll("time[data-clock]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.textContent = (time.dataset.clock === "day" ? stamp : clock).format(at);
  }
}

function listen() {
  const stream = new EventSource(box().dataset.events);
  stream.addEventListener("ended", look);
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    look();
    setTimeout(listen, 30000);
  });
}

if (box()?.dataset.live) {
  if (box().dataset.events) listen();
  // What the stream does not say, a new sign-in or a receipt, is seen a little later.
  setInterval(() => { if (!document.hidden) look(); }, 3000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
}
