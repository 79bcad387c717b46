// The command centre: one case after the other.

import { bodies, bodyOf, fresh } from "./tickets_live.js";

const queue = document.getElementById("queue");
const panel = document.getElementById("case");

bodies("officer", (button) => {
  const { reason } = bodyOf(button.form);
  return reason ? { reason } : {};
});

function markCurrent() {
  const open = panel.querySelector("[data-case]")?.dataset.case;
  for (const button of queue.querySelectorAll("[data-case]")) {
    if (button.dataset.case === open) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

function step(by) {
  const cases = [...queue.querySelectorAll("[data-case]")];
  const at = cases.findIndex((button) => button.hasAttribute("aria-current"));
  const next = at < 0 ? cases[0] : cases[at + by];
  next?.focus();
  next?.click();
}

queue.addEventListener("htmx:afterSwap", markCurrent);
panel.addEventListener("htmx:afterSwap", () => {
  markCurrent();
  panel.focus({ preventScroll: true });
});
// A refused decision leaves the case and the reason where they are.
panel.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  const place = panel.querySelector("[data-problem]");
  if (requestConfig.verb === "post" && xhr.status >= 400 && place) event.detail.target = place;
});
panel.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig.verb === "post") fresh();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches?.("textarea, select, input:not([type=checkbox])")) return;
  if (event.key === "j") step(1);
  if (event.key === "k") step(-1);
});
