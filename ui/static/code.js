// Sends a code as soon as its last digit is there. After a fault the person is
// correcting it, and sends it by hand.

for (const input of document.querySelectorAll("[data-digits]")) {
  const wanted = Number(input.dataset.digits);
  let sent = input.getAttribute("aria-invalid") === "true";
  input.addEventListener("input", () => {
    const digits = input.value.replace(/\D/g, "").slice(0, wanted);
    if (/^[\d\s-]*$/.test(input.value) && digits !== input.value) input.value = digits;
    if (digits.length === wanted && input.value === digits && !sent) {
      sent = true;
      input.form.requestSubmit();
    }
  });
}
