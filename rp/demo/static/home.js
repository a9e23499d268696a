// The server app's page: the dial follows the session's token, which lives on the server. The page asks how
// it is doing when the next one is due, and that request is what renews it. A page in the background asks
// nothing: a session that nobody looks at is idle. It is told when the session ends, and leaves at once.

import { createDial } from "./dial.js";
import { showResult } from "./result.js";

const card = document.querySelector("[data-life]");
const dial = createDial(card);
const say = (text, bad = false) => {
  const status = card.querySelector("[data-status]");
  status.textContent = text;
  status.classList.toggle("bad", bad);
};

let renewals = 0;
let issued = card.querySelector("[data-issued]").textContent;
let timer = 0;
let over = false;

function wait(ms) {
  clearTimeout(timer);
  if (!over) timer = setTimeout(ask, ms);
}

async function ask() {
  if (document.hidden || over) return;
  let res;
  try {
    res = await fetch("/life", { headers: { Accept: "application/json" }, cache: "no-store" });
  } catch {
    say("This app does not answer. Trying again.", true);
    return wait(2000);
  }
  if (res.status === 401) return end();
  if (told.readyState === EventSource.CLOSED) listen();
  if (!res.ok) {
    say("curfew does not answer. Trying again.", true);
    return wait(2000);
  }
  follow(await res.json());
}

function follow(life) {
  dial.set(life.left_ms, life.life_ms);
  if (life.issued_at !== issued) {
    renewals++;
    issued = life.issued_at;
    card.querySelector("[data-issued]").textContent = issued;
    card.querySelector("[data-expires]").textContent = life.expires_at;
  }
  say(renewals === 0 ? "Renewed at second 40, while you stay." : `Renewed ${renewals === 1 ? "once" : `${renewals} times`} since you opened this page.`);
  // Due already: the request has started the renewal, so look again in a moment.
  wait(life.next_ms > 0 ? life.next_ms + 150 : 600);
}

function end(why = "Your session has ended.") {
  say(why, true);
  if (over) return; // and now it is known why
  over = true;
  clearTimeout(timer);
  dial.set(0, 60000);
  card.classList.add("over");
  card.querySelector("[data-ended]").hidden = false;
  // Nothing about the user or the token stays on the screen.
  for (const e of document.querySelectorAll(".stack, .pair, .curfew-banner, .bar-end form")) e.remove();
  document.querySelector(".columns").classList.add("left");
  document.title = "Session ended · curfew demo";
}

// One channel may tell that the session has ended and another one why, so the page listens until it knows.
let told;
function listen() {
  told = new EventSource("/events");
  told.addEventListener("over", (e) => {
    const { why, known } = JSON.parse(e.data);
    end(why);
    if (known) told.close();
  });
  told.addEventListener("look", ask);
  told.addEventListener("error", () => over && told.close());
}

listen();
dial.set(Number(card.dataset.leftMs), Number(card.dataset.lifeMs));
say("Renewed at second 40, while you stay.");
wait(Math.max(600, Number(card.dataset.nextMs) + 150));
document.addEventListener("visibilitychange", () => document.hidden || ask());
addEventListener("pageshow", (e) => e.persisted && ask());

document.querySelector("[data-call]").addEventListener("submit", async (e) => {
  e.preventDefault();
  const button = e.submitter;
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  const box = document.querySelector("[data-result]");
  try {
    const body = new URLSearchParams({ what: button.value });
    const res = await fetch("/call", { method: "POST", body, headers: { Accept: "application/json" } });
    if (res.status === 401) end();
    const answer = await res.json();
    showResult(box, res.ok ? answer : { what: "POST /call", status: res.status, body: answer.message, took: "" });
  } catch {
    showResult(box, { what: "POST /call", status: 0, body: "This app does not answer.", took: "" });
  }
  button.removeAttribute("aria-disabled");
});
