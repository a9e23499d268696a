// The browser app's page: what rp/js does, made visible.

import { Curfew } from "./curfew/curfew.js";
import { createDial } from "./dial.js";
import { showResult } from "./result.js";

const app = document.querySelector("[data-app]");
const find = (name) => document.querySelector(`[data-${name}]`);
const dial = createDial(find("dial"));

const reasons = {
  signed_out: "You have signed out, here and at curfew.",
  revoked: "Your session was ended from elsewhere.",
  replaced: "You were signed out because the account was used on another device.",
  expired: "Your session was as old as it may become.",
  idle: "Your session ended because it was not used.",
  switched: "Somebody else signed in, in another tab.",
  ended: "Your session has ended.",
};
const failures = {
  access_denied: "The sign-in was cancelled.",
  state_mismatch: "That sign-in was begun in another tab, or is already finished.",
  issuer_mismatch: "The answer came from another sign-in service than the one asked.",
  unsupported: "This browser lacks what this app needs.",
};
const silent = "curfew does not answer right now.";

const curfew = new Curfew({
  issuer: app.dataset.issuer,
  clientId: app.dataset.clientId,
  redirectUri: app.dataset.redirectUri,
  postLogoutRedirectUri: app.dataset.redirectUri,
});

let renewals = -1; // of tokens, in whichever tab
let token = 0; // when the current one will be dead, to tell it from the next
let about = null; // what userinfo said

function view(name) {
  for (const v of document.querySelectorAll("[data-view]")) v.hidden = v.dataset.view !== name;
  find("sign-out").hidden = name !== "in";
}

function say(text, bad = false) {
  find("status").textContent = text;
  find("status").classList.toggle("bad", bad);
}

function notice(text) {
  find("notice").textContent = text;
  find("notice").hidden = false;
}

function introduce() {
  const c = { ...about, ...curfew.user };
  const title = c.name ?? c.email ?? c.sub;
  find("name").textContent = title;
  find("initial").textContent = [...title][0].toUpperCase();
  find("email").textContent = c.email && c.email !== title ? c.email : "";
  find("sid").textContent = c.sid ?? "none";
  find("sub").textContent = c.sub;
  find("actor-row").hidden = !curfew.actor;
  find("actor").textContent = curfew.actor?.sub ?? "";
}

function status() {
  if (curfew.state === "stale") return say("This token is dead, and curfew does not answer. Trying again.", true);
  if (curfew.trouble) return say("curfew does not answer. Trying again.", true);
  if (renewals < 1) return say("Renewed at second 40, by one of the tabs that show this page.");
  say(`Renewed ${renewals === 1 ? "once" : `${renewals} times`}, by one tab for all of them.`);
}

function show() {
  if (!curfew.user) return;
  const dead = performance.now() + curfew.left();
  if (curfew.left() > 0 && Math.abs(dead - token) > 500) {
    token = dead;
    renewals++;
    dial.set(curfew.left(), curfew.life);
  }
  introduce();
  status();
  view("in");
  about ??= curfew.userinfo().then((claims) => { about = claims; show(); banner(); }, () => { about = null; });
}

curfew.onChange(show);
let unmount = null;
function banner() {
  unmount?.();
  unmount = curfew.mountBanner(find("banner"), { user: () => about?.name ?? about?.email });
}
banner();

curfew.onSessionEnd((reason) => {
  renewals = -1;
  token = 0;
  about = null;
  // Nothing about the user stays on the screen, or behind it.
  for (const name of ["name", "initial", "email", "sid", "sub", "actor", "what", "code", "took", "body"]) find(name).textContent = "";
  find("result").hidden = true;
  view("out");
  notice(reasons[reason] ?? reasons.ended);
});

find("sign-in").addEventListener("click", () => curfew.signIn().catch(() => notice(silent)));
find("sign-out").addEventListener("click", () => curfew.signOut().catch(() => say(silent, true)));
find("api").addEventListener("click", async () => {
  const began = performance.now();
  const result = (code, body) => showResult(find("result"), { what: "GET /api/whoami", status: code, body, took: `${Math.ceil(performance.now() - began)} ms` });
  try {
    const headers = { Authorization: `Bearer ${await curfew.accessToken()}` };
    const res = await fetch("/api/whoami", { headers, cache: "no-store" });
    result(res.status, res.ok ? JSON.stringify(await res.json(), null, 2) : res.headers.get("WWW-Authenticate"));
  } catch (error) {
    if (curfew.user) result(0, error.code ? "There is no live token to call with." : "The API does not answer.");
  }
});

try {
  const { signedOut } = await curfew.handleRedirect();
  if (signedOut) notice(reasons.signed_out);
} catch (error) {
  notice(error.code === "unavailable" ? silent : (failures[error.code] ?? "The sign-in could not be completed."));
}
if (!curfew.user) view("out");
