// Copies or prints the recovery codes.

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // not on plain http
  const codes = document.getElementById(button.dataset.copy).querySelectorAll("code");
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText([...codes].map((c) => c.textContent).join("\n"));
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
