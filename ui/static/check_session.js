// The frame of OpenID Connect Session Management 1.0, section 3.2: a relying party asks it every few seconds by a message
// whether the browser's session is still the one of its session_state. It sends no request to answer.

const { cookie: name, attributes, events } = document.documentElement.dataset;

// client_id, a space, and session_state: a hash, a dot, and the salt.
const question = /^([\x21-\x7e]{1,200}) ([\w-]{43})\.([\w-]{1,64})$/;

addEventListener("message", async ({ data, origin, source }) => {
  if (!source || origin === "null") return; // nobody, or a page that nothing can be made for
  source.postMessage(await answer(data, origin), origin);
});

// answer is "unchanged", "changed" or, where the browser does not let a frame of ours see the state, "error". Never "changed"
// there: the relying party would ask the provider, which sees no session either, and sign its user out, again and again.
async function answer(data, origin) {
  const asked = typeof data === "string" && question.exec(data);
  if (!asked || !globalThis.crypto?.subtle) return "error";
  const state = await seen();
  if (state === null) return "error";
  if (state !== "") listen(state);
  const [, client, hash, salt] = asked;
  return (await digest(`${client} ${origin} ${state} ${salt}`)) === hash ? "unchanged" : "changed";
}

async function digest(text) {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...sum)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// seen is the browser's state: "" when it is signed out, null when that cannot be known.
async function seen() {
  // Some browsers keep cookies apart for each site that frames us; there we see some, but not those of the sign-in.
  if (document.hasStorageAccess && !(await document.hasStorageAccess())) return null;
  const found = read(name);
  if (found.length > 1) return null; // another host of the site has planted one
  if (found.length === 1) return found[0];
  // None: signed out, unless a frame is not shown this kind of cookie at all.
  document.cookie = `${name}_probe=1; Max-Age=10${attributes}`;
  const works = read(`${name}_probe`).length > 0;
  document.cookie = `${name}_probe=; Max-Age=0${attributes}`;
  return works ? "" : null;
}

function read(wanted) {
  return document.cookie.split("; ").filter((c) => c.startsWith(`${wanted}=`)).map((c) => c.slice(wanted.length + 1));
}

// forget clears the state of a session that has ended, so that every frame finds it changed.
function forget(state) {
  if (read(name)[0] === state) document.cookie = `${name}=; Max-Age=0${attributes}`;
}

// A session may also end elsewhere: from another device, by an administrator, by its age. One frame of a browser listens for
// that; the others see the cookie go. More would use up the few connections that a browser makes to a host.
let trying = false;

async function listen(state) {
  if (trying || !navigator.locks) return;
  trying = true;
  await navigator.locks.request("curfew session", { ifAvailable: true }, (lock) => lock && follow(state));
  trying = false;
}

// follow listens until the session is over or is not the browser's active one any more. After a failure it keeps its place for a
// while: whoever is next would fail as well.
function follow(state) {
  return new Promise((done) => {
    const stream = new EventSource(events);
    const stop = (after) => {
      stream.close();
      clearInterval(watch);
      setTimeout(done, after);
    };
    const watch = setInterval(() => read(name)[0] === state || stop(0), 1000);
    const look = async () => {
      const over = await ended();
      if (over) forget(state);
      stop(over ? 0 : 10_000);
    };
    stream.addEventListener("session.ended", (e) => JSON.parse(e.data).current && look());
    stream.addEventListener("error", () => stream.readyState === EventSource.CLOSED && look());
  });
}

// ended asks whether the session is over, which an EventSource does not tell from a server that has no time.
async function ended() {
  const stop = new AbortController();
  try {
    return (await fetch(events, { cache: "no-store", signal: stop.signal })).status === 401;
  } catch {
    return false; // no network
  } finally {
    stop.abort();
  }
}
