// One field for a number, an IDPEL, a meter or a phone: what was typed says which it is.

import { bodies } from "./tickets_live.js";

const form = document.getElementById("search");
const field = document.getElementById("q");
const kind = document.getElementById("kind");
const unclear = document.getElementById("unclear");
const KINDS = [
  ["number", /^[GK]\d{12}$/],
  ["phone", /^(\+62|62|0)\d{7,13}$/],
  ["idpel", /^\d{12}$/],
  ["meter_number", /^\d{11}$/],
];
const LABELS = { number: "number", phone: "phone", idpel: "idpel", meter_number: "meter" };

const typed = () => field.value.replace(/[\s.()-]/g, "").toUpperCase();
const guess = () => KINDS.find(([, shape]) => shape.test(typed()))?.[0];

field.addEventListener("input", () => {
  kind.textContent = guess() ? kind.dataset[LABELS[guess()]] : "";
  unclear.hidden = true;
});
form.addEventListener("htmx:confirm", (event) => {
  if (event.target !== form || guess()) return;
  event.preventDefault();
  unclear.hidden = false;
  field.focus();
});
// In the body, never in the address: addresses are kept in logs and histories.
bodies("search", () => ({ [guess()]: typed(), ...(document.getElementById("only-open").checked && { is_open: true }) }));
