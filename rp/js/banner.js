// The banner of an impersonation: who sees the page as whom, and the way out.

const css = `
:where(.curfew-banner) { box-sizing: border-box; position: sticky; top: 0; z-index: 2147483647; display: flex; flex-wrap: wrap;
  align-items: center; gap: 8px 16px; padding: 10px 20px; border-bottom: 2px solid; background: #fdf1e4; color: #6b2e02; font: 15px/1.4 system-ui, sans-serif; }
:where(.curfew-banner-text) { flex: 1; min-width: 0; margin: 0; overflow-wrap: anywhere; }
:where(.curfew-banner-stop) { padding: 9px 16px; border: 1px solid; border-radius: 8px; color: inherit; font-weight: 600; }
@media (prefers-color-scheme: dark) { :where(.curfew-banner) { background: #271d10; color: #f3a950; } }
`;

const english = {
  label: "Acting for somebody else",
  user: "You see this as",
  actor: "Acting:",
  stop: "Stop",
};

let sheet = null; // of every banner of the page; :where() lets any rule of the app's go before it

function adopt() {
  if (sheet || typeof CSSStyleSheet !== "function" || !("adoptedStyleSheets" in document)) return;
  sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

function element(tag, className, ...content) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  e.append(...content);
  return e;
}

/** @param {Record<string, any> | null | undefined} claims */
export const nameOf = (claims) => {
  const { name, email, sub } = claims ?? {};
  return name && email && name !== email ? `${name} (${email})` : name || email || sub || "";
};

/**
 * banner returns the section, which is a landmark wherever it stands.
 * @param {{ user: string, actor: string, stopURL: string, words?: Partial<typeof english> }} about
 */
export function banner({ user, actor, stopURL, words }) {
  adopt();
  const say = { ...english, ...words };
  const text = element("p", "curfew-banner-text", `${say.user} `, element("b", "", user), `. ${say.actor} `, element("b", "", actor), ".");
  const stop = element("a", "curfew-banner-stop", say.stop);
  stop.href = stopURL;
  stop.rel = "noreferrer";
  const section = element("section", "curfew-banner", text, stop);
  section.setAttribute("aria-label", say.label);
  return section;
}
