// The fields of a step: lists that the page holds, the cascade of areas, "Tidak Ada Angka", what is missing.

import { Cascade } from "./areas.js";
import * as problems from "./problems.js";

const CONTROLS = "input:not([type=hidden]), select, textarea";
const isTicked = (control) => control.matches("[type=radio], [type=checkbox]");
const levels = (code) => (code ? code.split(".").map((_, index, parts) => parts.slice(0, index + 1).join(".")) : []);

function fillList(select) {
  const template = document.getElementById(`options-${select.dataset.options}`);
  select.replaceChildren(template.content.cloneNode(true));
  if (select.dataset.value) select.value = select.dataset.value;
}

/** Ready the fields in `root`. Answers its cascades; what they start with is chosen by `choose`. */
export function prepare(root, areas) {
  root.querySelectorAll("select[data-options]").forEach(fillList);
  root.querySelectorAll(".reading").forEach(linkReading);
  return [...root.querySelectorAll("[data-cascade]")].map((part) => {
    const output = part.querySelector("[data-area-code]");
    return Object.assign(new Cascade(part, areas, output), { given: levels(output.value) });
  });
}

/** A reading is a number or null, never both. */
function linkReading(part) {
  const number = part.querySelector("input:not([type=checkbox])");
  const none = part.querySelector("[type=checkbox]");
  const show = () => (number.placeholder = none.checked ? "Null" : "");
  none.addEventListener("change", () => {
    if (none.checked) number.value = "";
    show();
  });
  number.addEventListener("input", () => {
    none.checked = false;
    show();
  });
  part.addEventListener("restored", show);
  show();
}

export function first(root) {
  const all = [...root.querySelectorAll(CONTROLS)].filter((it) => !it.disabled && it.checkVisibility());
  return all.find((it) => it.checked && it.name === all[0].name) ?? all[0];
}

function isFilled(field) {
  const area = field.querySelector("[data-area-code]");
  if (area) return area.value !== "";
  return [...field.querySelectorAll(CONTROLS)].some((it) => (isTicked(it) ? it.checked : it.value.trim() !== ""));
}

function isHalfChosen(field) {
  return Boolean(field.querySelector("select[data-area]")?.value) && !isFilled(field);
}

/** Mark what must not be sent like this; true when nothing had to be marked. */
export function isComplete(form, words) {
  problems.clear(form);
  for (const field of form.querySelectorAll("[data-field]")) {
    if (isHalfChosen(field)) problems.mark(form, field.dataset.field, words.required, field.querySelector("select:has(option[value='']:checked)"));
    else if ("isRequired" in field.dataset && !isFilled(field)) {
      const text = field.dataset.type === "reading" ? words.reading : words.required;
      problems.mark(form, field.dataset.field, text, first(field));
    }
  }
  for (const control of form.querySelectorAll("[data-required]")) {
    if (!control.value.trim()) problems.mark(form, control.name, words.required, control);
  }
  return !form.querySelector("[aria-invalid]");
}

/** Move the lines of a problem to the fields they concern; true when every line found its field. */
export function place(form, card) {
  const lines = [...card.querySelectorAll("[data-pointer]")];
  const marked = lines.filter((line) => {
    const name = line.dataset.pointer.replace(/^\/(fields\/)?/, "").split("/")[0];
    const control = form.querySelector(`[data-field="${CSS.escape(name)}"]`) ?? form.elements[name]?.closest?.(".field");
    return problems.mark(form, name, line.textContent.trim(), control && first(control));
  });
  return lines.length > 0 && marked.length === lines.length;
}

export function focusFirstProblem(form) {
  form.querySelector("[aria-invalid]")?.focus();
}
