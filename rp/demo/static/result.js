// Shows what a call gave, in the page's result box.

export function showResult(box, { what, status, body, took }) {
  const set = (name, text) => (box.querySelector(`[data-${name}]`).textContent = text);
  set("what", what);
  set("code", status || "failed");
  set("took", took);
  set("body", body);
  box.querySelector("[data-code]").classList.toggle("bad", status !== 200);
  box.hidden = false;
}
