// The browser app's page.

import { createDial } from "./dial.js";
import { createClient } from "./oidc.js";
import { showResult } from "./result.js";

const app = document.querySelector("[data-app]");
const find = (name) => document.querySelector(`[data-${name}]`);
const dial = createDial(find("dial"));
let renewals = -1;

const reasons = {
  ended: "Your session has ended.",
  signed_out: "You have signed out, here and at curfew.",
  cancelled: "The sign-in was cancelled.",
  not_ours: "That sign-in was begun in another tab, or is already finished.",
  mix_up: "The answer came from another sign-in service than the one asked.",
  failed: "The sign-in could not be completed.",
};

function view(name) {
  for (const v of document.querySelectorAll("[data-view]")) v.hidden = v.dataset.view !== name;
  find("sign-out").hidden = name !== "in";
}

function say(text, bad = false) {
  find("status").textContent = text;
  find("status").classList.toggle("bad", bad);
}

let about = null; // what userinfo said

function introduce(session) {
  const c = { ...about, ...session.claims };
  const title = c.name ?? c.email ?? c.sub;
  find("name").textContent = title;
  find("initial").textContent = [...title][0].toUpperCase();
  find("email").textContent = c.email && c.email !== title ? c.email : "";
  find("sid").textContent = c.sid ?? "none";
  find("sub").textContent = c.sub;
}

async function show(session) {
  introduce(session);
  renewals++;
  say(renewals < 1 ? "Renewed at second 40, while this tab is open." : `Renewed ${renewals === 1 ? "once" : `${renewals} times`} in this tab.`);
  view("in");
  dial.set(client.left(), session.life);
  if (!about && (about = await client.userinfo())) introduce(session);
}

function notice(text) {
  find("notice").textContent = text;
  find("notice").hidden = false;
}

const client = createClient({
  issuer: app.dataset.issuer,
  clientId: app.dataset.clientId,
  redirectUri: app.dataset.redirectUri,
  onChange: show,
  onTrouble: () => say("curfew does not answer. Trying again.", true),
  onEnd(reason) {
    renewals = -1;
    about = null;
    view("out");
    notice(reasons[reason]);
  },
});

find("sign-in").addEventListener("click", () => client.signIn().catch(() => notice("curfew does not answer right now.")));
find("sign-out").addEventListener("click", () => client.signOut().catch(() => say("curfew does not answer right now.", true)));
find("api").addEventListener("click", async () => {
  const began = performance.now();
  const result = (status, body) => showResult(find("result"), { what: "GET /api/whoami", status, body, took: `${Math.ceil(performance.now() - began)} ms` });
  const token = await client.token();
  if (!token) return result(0, "There is no live token to call with.");
  try {
    const res = await fetch("/api/whoami", { headers: { Authorization: `Bearer ${token}` }, cache: "no-store" });
    result(res.status, res.ok ? JSON.stringify(await res.json(), null, 2) : res.headers.get("WWW-Authenticate"));
  } catch {
    result(0, "The API does not answer.");
  }
});

try {
  const session = await client.start();
  if (!session) view("out");
  else if (renewals < 0) show(session);
} catch {
  view("out");
  notice("curfew does not answer right now.");
}
