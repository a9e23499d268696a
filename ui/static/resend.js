// Counts down on the dial until a new code may be asked for. The server decides;
// this only spares a person the answer "too early".

for (const form of document.querySelectorAll("form[data-wait]")) {
  const seconds = Number(form.dataset.wait);
  const line = form.querySelector(".resend-line");
  const wait = form.querySelector(".resend-wait");
  const text = form.querySelector(".resend-text");
  const lit = form.querySelector(".dial-lit");
  form.querySelector(".resend-hint")?.remove();
  if (!(seconds > 0)) continue;

  const end = performance.now() + seconds * 1000;
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    line.hidden = left > 0;
    wait.hidden = left <= 0;
    if (left <= 0) return;
    text.textContent = form.dataset.waiting.replace("#", left);
    lit.setAttribute("stroke-dasharray", ticks(Math.min(60, left)));
    setTimeout(tick, 250);
  };
  tick();
}

// ticks lights n of the sixty.
function ticks(n) {
  return Array.from({ length: n }, () => "0.36 0.64").join(" ").replace(/0\.64$/, String(60 - n + 0.64));
}
