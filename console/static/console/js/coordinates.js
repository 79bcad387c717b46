// A place is two numbers, but people copy it as one text: "-6.1754, 106.8272" fills in both fields.

const PAIR = /^\s*(-?\d{1,2}[.,]\d+)\s*[,; ]\s*(-?\d{1,3}[.,]\d+)\s*$/;

document.addEventListener("input", ({ target }) => {
  const form = target.form;
  if (target.name !== "latitude" || !form?.elements.longitude) return;
  const pair = PAIR.exec(target.value);
  if (!pair) return;
  [target.value, form.elements.longitude.value] = pair.slice(1).map((part) => part.replace(",", "."));
  form.elements.longitude.dispatchEvent(new Event("change", { bubbles: true }));
});
