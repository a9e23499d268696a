// Shows and hides a password, and says how strong a new one is.

for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const show = input.type === "password";
    input.type = show ? "text" : "password";
    button.textContent = show ? button.dataset.hide : button.dataset.show;
    button.setAttribute("aria-pressed", String(show));
    input.focus();
  });
  // A browser remembers what was typed into a text field, so it goes out hidden.
  input.form.addEventListener("submit", () => { input.type = "password"; });
}

// Length is what counts (NIST SP 800-63B), so long as the characters differ.
function level(value, least) {
  const length = [...value].length;
  if (length < least) return 1;
  const different = new Set(value.toLowerCase()).size;
  return length >= least + 6 && different >= 8 ? 3 : 2;
}

for (const box of document.querySelectorAll("[data-strength]")) {
  const input = document.getElementById(box.dataset.strength);
  const word = box.querySelector(".strength-word");
  const words = [, box.dataset.short, box.dataset.fair, box.dataset.good];
  const show = () => {
    box.hidden = input.value === "";
    if (box.hidden) return;
    const now = level(input.value, Number(input.dataset.least));
    box.dataset.level = now;
    if (word.textContent !== words[now]) word.textContent = words[now];
  };
  input.addEventListener("input", show);
  show();
}
