// Problems stand at the field they concern; what concerns no field stays in the answer.

function slot(form, name) {
  return form.querySelector(`[data-problem-for~="${CSS.escape(name)}"]`);
}

/** Show `text` at the place of `name` and mark `control`. Answers whether there was such a place. */
export function mark(form, name, text, control) {
  const place = slot(form, name);
  if (!place) return false;
  place.id ||= `problem-${name}`;
  place.textContent = text;
  place.hidden = false;
  if (control) {
    control.setAttribute("aria-invalid", "true");
    control.dataset.describedBefore = control.getAttribute("aria-describedby") ?? "";
    control.setAttribute("aria-describedby", `${control.dataset.describedBefore} ${place.id}`.trim());
  }
  return true;
}

export function clear(form) {
  for (const place of form.querySelectorAll("[data-problem-for]")) {
    place.hidden = true;
    place.textContent = "";
  }
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    const before = control.dataset.describedBefore;
    if (before) control.setAttribute("aria-describedby", before);
    else control.removeAttribute("aria-describedby");
  }
}
