// A public OpenID Connect client for one browser tab: authorization code with PKCE, tokens in
// sessionStorage, renewed at two thirds of their life. No dependencies.

const encode = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => encode(crypto.getRandomValues(new Uint8Array(32)));
const claimsOf = (jwt) => JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0))));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Refused is an answer that decides: the code or the session is no longer good.
class Refused extends Error {}

// onChange(session) is told of every renewal, onTrouble(error) of a renewal that failed and will be tried
// again, onEnd(reason) when there is no session any more.
export function createClient({ issuer, clientId, redirectUri, scope = "openid profile email", onChange, onTrouble, onEnd }) {
  const name = `curfew ${issuer} ${clientId}`;
  const store = {
    get: (k) => JSON.parse(sessionStorage.getItem(`${name} ${k}`)),
    set: (k, v) => sessionStorage.setItem(`${name} ${k}`, JSON.stringify(v)),
    drop: (k) => sessionStorage.removeItem(`${name} ${k}`),
  };
  let session = store.get("session"); // { access, refresh, id, claims, sentAt, life }
  let timer = 0;
  let flight = null;
  let found = null;

  const left = () => (session ? Math.max(0, session.sentAt + session.life - Date.now()) : 0);

  async function provider() {
    if (found) return found;
    const res = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
    const doc = await res.json();
    if (doc.issuer !== issuer) throw new Refused("discovery: another issuer"); // OIDC Discovery 4.3
    return (found = doc);
  }

  async function signIn(extra = {}) {
    const { authorization_endpoint } = await provider();
    const login = { state: random(), nonce: random(), verifier: random() };
    store.set("login", login);
    const challenge = encode(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(login.verifier)));
    const q = new URLSearchParams({
      response_type: "code", client_id: clientId, redirect_uri: redirectUri, scope, state: login.state, nonce: login.nonce,
      code_challenge: challenge, code_challenge_method: "S256", ...extra,
    });
    location.assign(`${authorization_endpoint}?${q}`);
  }

  // start finishes a sign-in if the page was opened by the provider's answer, and takes up a session that
  // this tab has. It returns the session or null.
  async function start() {
    const q = new URLSearchParams(location.search);
    if (q.has("state")) {
      history.replaceState(null, "", location.pathname); // the code stays in no history
      if (q.has("code") || q.has("error")) await finish(q);
      else if (store.get("logout") === q.get("state")) onEnd("signed_out");
      store.drop("logout");
    }
    if (session) schedule();
    return session;
  }

  async function finish(q) {
    const login = store.get("login");
    store.drop("login"); // one use, whatever comes of it
    if (!login || q.get("state") !== login.state) return onEnd("not_ours");
    const { issuer: iss } = await provider();
    if (q.get("iss") !== iss) return onEnd("mix_up"); // RFC 9207 2.4
    if (q.has("error")) return onEnd(q.get("error") === "access_denied" ? "cancelled" : "failed");
    try {
      await request({ grant_type: "authorization_code", code: q.get("code"), redirect_uri: redirectUri, code_verifier: login.verifier }, login.nonce);
    } catch {
      onEnd("failed");
    }
  }

  async function request(params, nonce) {
    const { token_endpoint } = await provider();
    const sentAt = Date.now();
    const before = session;
    const res = await fetch(token_endpoint, { method: "POST", body: new URLSearchParams({ ...params, client_id: clientId }) });
    if (res.status >= 500 || res.status === 429) throw new Error(`token endpoint: ${res.status}`);
    const t = await res.json();
    if (t.error === "invalid_grant") throw new Refused(t.error);
    if (!res.ok) throw new Error(`token endpoint: ${t.error}`);
    if (session !== before) return; // signed out meanwhile: do not bring it back
    const claims = t.id_token ? claimsOf(t.id_token) : session.claims;
    if (t.id_token) check(claims, nonce);
    session = { access: t.access_token, refresh: t.refresh_token ?? session?.refresh, id: t.id_token ?? session?.id, claims, sentAt, life: (t.expires_in ?? 60) * 1000 };
    store.set("session", session);
    schedule();
    onChange(session);
  }

  // The token came straight from the token endpoint, so its signature may go unchecked (OIDC Core 3.1.3.7,
  // rule 6); what it says may not.
  function check(c, nonce) {
    const ours = [c.aud].flat().includes(clientId) && (c.azp ?? clientId) === clientId;
    if (c.iss !== found.issuer || !ours || !c.sub) throw new Refused("ID token: not for this client");
    if (nonce ? c.nonce !== nonce : c.sub !== session.claims.sub || c.sid !== session.claims.sid) throw new Refused("ID token: not of this session");
  }

  function schedule(ms = session.sentAt + (session.life * 2) / 3 - Date.now()) {
    clearTimeout(timer);
    timer = setTimeout(renew, Math.max(0, ms));
  }

  // renew has one request under way at most, and retries until there is an answer that decides.
  function renew() {
    flight ??= (async () => {
      try {
        await request({ grant_type: "refresh_token", refresh_token: session.refresh });
      } catch (e) {
        if (e instanceof Refused || !session?.refresh) return end("ended");
        onTrouble(e);
        await sleep(2000);
        if (session) schedule(0);
      }
    })().finally(() => (flight = null));
    return flight;
  }

  function end(reason) {
    clearTimeout(timer);
    session = null;
    store.drop("session");
    onEnd(reason);
  }

  // token returns an access token that is alive, or null.
  async function token() {
    if (session && left() === 0) await renew();
    return left() > 0 ? session.access : null;
  }

  // userinfo asks for the user's claims, name and email for example; null while nobody answers.
  async function userinfo() {
    const access = await token();
    if (!access) return null;
    try {
      const { userinfo_endpoint } = await provider();
      const res = await fetch(userinfo_endpoint, { headers: { Authorization: `Bearer ${access}` } });
      const claims = res.ok ? await res.json() : null;
      return claims?.sub === session?.claims.sub ? claims : null; // OIDC Core 5.3.2
    } catch {
      return null;
    }
  }

  async function signOut() {
    const { end_session_endpoint } = await provider();
    const state = random();
    const q = new URLSearchParams({ id_token_hint: session.id, client_id: clientId, post_logout_redirect_uri: redirectUri, state });
    clearTimeout(timer);
    session = null;
    store.drop("session");
    store.set("logout", state);
    location.assign(`${end_session_endpoint}?${q}`);
  }

  // Timers of a page in the background run late.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && session && left() < session.life / 3) renew();
  });

  return { start, signIn, signOut, token, userinfo, left };
}
