// Leaves a page of a person's account when its session ends, wherever that was
// done, and keeps the list of devices up to date.

const mine = document.querySelector("[data-session]").dataset.session;
const list = () => document.getElementById("sessions");
localTimes(document);

// A form that was sent leads on by itself, and its answer says more: signing out
// ends this very session, and must not be overtaken by the news of it.
let sentAt = -Infinity;
document.addEventListener("submit", () => { sentAt = performance.now(); });

// The account asks people without a session to sign in, and says there why.
function leave() {
  const left = sentAt + 10000 - performance.now();
  if (left > 0) setTimeout(leave, left);
  else location.replace("/account");
}

// look asks whether the session of this page is still the browser's, and for the
// list where the page has one. The server does not count it as a use.
async function look() {
  const url = list()?.dataset.live ?? "/account/live";
  let answer;
  try {
    answer = await fetch(url, { redirect: "error", cache: "no-store" });
  } catch {
    return; // not now: the network may be away
  }
  if (answer.status === 401) { leave(); return; }
  if (answer.status !== 200) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (page.querySelector("[data-session]")?.dataset.session !== mine) { leave(); return; } // another account was chosen
  const fresh = page.getElementById("sessions");
  if (fresh && list()) replace(list(), fresh);
}

// replace puts the new list in the place of the old one, and the focus back to
// where it was. What changed is said only if devices came or went.
function replace(old, fresh) {
  localTimes(fresh);
  if (old.innerHTML === fresh.innerHTML) return;
  const rows = (el) => [...el.querySelectorAll(".rows form, .rows a")].map(place).join(" ");
  const changed = rows(old) !== rows(fresh);
  const had = old.contains(document.activeElement) ? place(document.activeElement) : null;
  old.replaceWith(fresh);
  if (had !== null) {
    const again = [...fresh.querySelectorAll("button, a")].find((el) => place(el) === had);
    (again ?? fresh).focus({ preventScroll: true });
  }
  if (changed) document.getElementById("said").textContent = fresh.dataset.said;
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

function heard(end) {
  if (end.sid === mine) leave();
  else look();
}

// listen opens the stream of ends. One that is refused is not tried again by the
// browser itself: the session may be over, or too many pages listen.
function listen() {
  const stream = new EventSource("/oauth/sessions/events");
  const tell = (event) => {
    const end = JSON.parse(event.data);
    others?.postMessage(end);
    heard(end);
  };
  for (const kind of ["session.ended", "sessions.ended", "reset"]) stream.addEventListener(kind, tell);
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    look();
    setTimeout(listen, 30000);
  });
}

// Of all pages that stand open in a browser one listens and tells the others: a
// browser has few connections to a server.
const others = "BroadcastChannel" in window ? new BroadcastChannel("curfew-sessions") : null;
others?.addEventListener("message", (event) => heard(event.data));
if (others && navigator.locks) navigator.locks.request("curfew-sessions", () => new Promise(listen));
else listen();

// What the stream does not say, a new sign-in for one, is seen a little later.
setInterval(() => { if (!document.hidden) look(); }, 30000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
