// Shows strangers how a token lives: down from sixty, renewed at two thirds.

import { createDial } from "./dial.js";

if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
  const dial = createDial(document.querySelector("[data-dial]"));
  dial.set(44000, 60000);
  setTimeout(function renew() {
    dial.set(60000, 60000);
    setTimeout(renew, 40000);
  }, 24000);
}
