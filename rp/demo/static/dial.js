// The dial: sixty ticks that are a token's life. It runs on the browser's monotonic clock from durations
// that somebody else measured, so a wrong time of day does not matter.

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const sweep = 900; // ms in which a renewed dial fills up

export function createDial(root) {
  const ticks = [...root.querySelectorAll("[data-ticks] path")];
  const number = root.querySelector("[data-seconds]");
  let end = 0; // performance.now() at which the token is dead
  let life = 60000;
  let from = 0; // share that was lit when the sweep began
  let began = -Infinity;
  let lit = -1;
  let frame = 0;

  function share(now) {
    const left = Math.min(1, Math.max(0, (end - now) / life));
    const t = Math.min(1, (now - began) / sweep);
    return t < 1 ? from + (left - from) * (1 - (1 - t) ** 3) : left;
  }

  function draw() {
    const now = performance.now();
    const n = Math.ceil(share(now) * 60 - 1e-6);
    if (n !== lit) {
      lit = n;
      ticks.forEach((t, i) => {
        t.classList.toggle("on", i >= 60 - n);
        t.classList.toggle("head", n > 0 && n < 60 && i === 60 - n);
      });
    }
    const seconds = String(Math.max(0, Math.ceil((end - now) / 1000 - 1e-6)));
    if (number && number.textContent !== seconds) number.textContent = seconds;
    frame = now < end || now - began < sweep ? requestAnimationFrame(draw) : 0;
  }

  return {
    // set gives the token leftMS of lifeMS to live.
    set(leftMS, lifeMS) {
      const now = performance.now();
      const next = Math.min(1, Math.max(0, leftMS / lifeMS));
      if (!calm.matches && lit >= 0 && next * 60 > lit + 1) {
        from = share(now);
        began = now;
      }
      end = now + leftMS;
      life = lifeMS;
      if (!frame) frame = requestAnimationFrame(draw);
    },
    left: () => Math.max(0, end - performance.now()),
  };
}
