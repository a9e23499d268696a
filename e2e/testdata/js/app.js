// An app of the test. What the test wants to be different stands in localStorage, so that it holds before the module runs.
const { off, life, tamper } = localStorage;

const now = Date.now;
if (off) Date.now = () => now() + Number(off);

// A page that nobody looks at.
if (localStorage.hidden) Object.defineProperty(document, "hidden", { get: () => Boolean(localStorage.hidden) });

window.requests = []; // grant types asked of the token endpoint
window.ended = []; // what onSessionEnd was told
const real = window.fetch;
window.fetch = async (url, init) => {
  if (!String(url).endsWith("/oauth/token")) return real(url, init);
  window.requests.push(init.body.get("grant_type"));
  const res = await real(url, init);
  if (window.lose) return new Promise(() => {}); // the answer, not the request
  if (!life || !res.ok) return res;
  return new Response(JSON.stringify({ ...(await res.json()), expires_in: Number(life) }), { headers: { "Content-Type": "application/json" } });
};

if (tamper === "nonce") {
  for (const [name, value] of Object.entries(sessionStorage)) {
    if (name.endsWith(" sign-in")) sessionStorage.setItem(name, JSON.stringify({ ...JSON.parse(value), nonce: "another" }));
  }
} else if (tamper && location.search) {
  const q = new URLSearchParams(location.search);
  q.set(tamper, "https://other.example.com");
  history.replaceState(null, "", `?${q}`);
}

const { Curfew } = await import("./curfew/curfew.js");
const config = await (await real("config.json")).json();
const curfew = new Curfew({ ...config, redirectUri: `${location.origin}/`, postLogoutRedirectUri: `${location.origin}/` });
window.curfew = curfew;
const show = () => (document.querySelector("output").value = `${curfew.state} ${curfew.user?.sub ?? "nobody"}`);
curfew.onChange(show);
curfew.onSessionEnd((reason, detail) => window.ended.push({ reason, detail }));
document.querySelector("#sign-in").onclick = () => curfew.signIn({ appState: { from: "the test" } });
document.querySelector("#sign-out").onclick = () => curfew.signOut();
try {
  window.redirected = await curfew.handleRedirect();
  show();
} catch (error) {
  document.querySelector("output").value = `failed: ${error.code}`;
}
