// What the screens of tickets share: JSON bodies, live regions, countdowns, problems at their fields.

import * as problems from "./problems.js";

const offline = document.getElementById("offline");
const makers = {};

/** Say how the body of requests from elements with `data-body="name"` is made. */
export function bodies(name, make) {
  makers[name] = make;
}

export const fresh = () => document.querySelectorAll("[data-live]").forEach((part) => window.htmx.trigger(part, "fresh"));

function put(body, name, value) {
  const [outer, inner] = name.split(".");
  if (inner) (body[outer] ??= {})[inner] = value;
  else body[outer] = value;
}

/** A number as people write it; what is none goes out as it is, and the API says so. */
function number(text) {
  const value = Number(text.replace(",", "."));
  return Number.isNaN(value) ? text : value;
}

function read(control) {
  const text = control.value.trim();
  if ("number" in control.dataset) return number(text);
  if ("flag" in control.dataset) return text === "true";
  if ("moment" in control.dataset) return new Date(text).toISOString();
  return text;
}

/** What is filled in and shown. Boxes are true, or a list of their values, or a reading without a number. */
export function bodyOf(form) {
  const body = {};
  for (const control of form.elements ?? []) {
    if (!control.name || control.disabled || control.closest("[hidden]")) continue;
    if (control.type === "checkbox") {
      if ("list" in control.dataset) body[control.name] = [...(body[control.name] ?? []), ...(control.checked ? [control.value] : [])];
      else if (control.checked) put(body, control.name, "nothing" in control.dataset ? null : true);
    } else if (control.type === "radio" ? control.checked : control.value.trim()) {
      put(body, control.name, read(control));
    }
  }
  return body;
}

/** What differs from what the form came with; a field that was emptied goes out empty. */
export function changesOf(form) {
  const body = {};
  for (const control of form.elements) {
    if (!control.name || control.closest("[hidden]")) continue;
    if (control.type === "checkbox") {
      if (control.checked !== control.defaultChecked) body[control.name] = control.checked;
    } else if (control.value !== before(control)) {
      body[control.name] = control.value.trim() === "" && "orNull" in control.dataset ? null : read(control);
    }
  }
  return body;
}

function before(control) {
  if (control.tagName !== "SELECT") return control.defaultValue;
  return ([...control.options].find((option) => option.defaultSelected) ?? control.options[0]).value;
}

/** The same report sent again is the same report: one key as long as the form does not change. */
function keyOf(element) {
  if (!("key" in element.dataset)) return null;
  element.dataset.key ||= crypto.randomUUID();
  return element.dataset.key;
}

window.htmx.defineExtension("json-body", {
  onEvent(name, event) {
    if (name !== "htmx:configRequest" || event.detail.verb === "get") return true;
    event.detail.headers["Content-Type"] = "application/json";
    const { ifMatch } = event.detail.elt.dataset;
    if (ifMatch) event.detail.headers["If-Match"] = ifMatch;
    const key = keyOf(event.detail.elt);
    if (key) event.detail.headers["Idempotency-Key"] = key;
    return true;
  },
  encodeParameters(xhr, parameters, element) {
    const make = makers[element.dataset.body] ?? bodyOf;
    return JSON.stringify(make(element));
  },
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-key]");
  if (form) form.dataset.key = "";
  const box = event.target.closest("[data-nothing]");
  if (box) {
    const field = document.getElementById(box.dataset.nothing);
    field.disabled = box.checked;
    if (box.checked) field.value = "";
  }
  if (event.target.form) reveal(event.target.form);
});

/** Show what depends on a choice (`data-when` names it, `data-is` its values), hide the rest. */
export function reveal(form) {
  for (const part of form.querySelectorAll("[data-when]")) {
    part.hidden = !part.dataset.is.split(" ").includes(form.elements[part.dataset.when].value);
  }
}

// Live regions: nothing is asked for in a tab that nobody looks at, nothing replaced that somebody fills in.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  const isUnseen = document.hidden && requestConfig.triggeringEvent?.type !== "load";
  if ("live" in elt.dataset && (isUnseen || elt.querySelector("details[open]"))) event.preventDefault();
  else if (elt.matches("form")) problems.clear(elt);
});
document.addEventListener("visibilitychange", () => document.hidden || fresh());
document.addEventListener("htmx:sendError", () => (offline.hidden = false));
document.addEventListener("htmx:timeout", () => (offline.hidden = false));
document.addEventListener("htmx:afterOnLoad", () => (offline.hidden = true));

// Where only a refusal is shown, what went well shows in the live regions.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!("refusals" in detail.target.dataset) || detail.xhr.status >= 400) return;
  detail.target.replaceChildren();
  detail.shouldSwap = false;
});

/** Problems stand at their fields where there is a place for them; the first one takes the focus. */
function showProblems(form, answer) {
  for (const line of answer.querySelectorAll("[data-pointer]")) {
    const name = line.dataset.pointer.split("/")[1];
    const control = form.querySelector(`[name="${CSS.escape(name)}"]`);
    if (problems.mark(form, name, line.textContent.trim(), control)) line.remove();
    control?.closest("details")?.setAttribute("open", "");
  }
  const first = [...form.querySelectorAll("[aria-invalid]")].find((control) => control.checkVisibility());
  if (first) first.focus();
}

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, target, xhr, requestConfig } = event.detail;
  const successful = xhr.status >= 200 && xhr.status < 300; // problems are shown like answers, htmx calls both a success
  if (requestConfig.verb === "get") return;
  const form = elt.closest("form");
  if (!successful && form) showProblems(form, target);
  if (!successful) return;
  if (elt.dataset.then !== "fresh") return;
  form?.reset();
  form?.closest("dialog")?.close();
  form?.closest("details")?.removeAttribute("open");
  fresh();
});

function clock(seconds) {
  const [left, sign] = [Math.abs(seconds), seconds < 0 ? "−" : ""];
  const two = (value) => String(value).padStart(2, "0");
  return `${sign}${Math.floor(left / 3600)}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
}

function tick() {
  for (const part of document.querySelectorAll("[data-until]")) {
    const seconds = Math.floor((Date.parse(part.dataset.until) - Date.now()) / 1000);
    part.textContent = clock(seconds);
    part.closest(".due").classList.toggle("over", seconds < 0);
    part.closest(".due").classList.toggle("near", seconds >= 0 && seconds < 1800);
  }
}

setInterval(tick, 1000);
document.addEventListener("htmx:afterSettle", tick);

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches?.("textarea, select, input:not([type=radio], [type=checkbox])");
  if (event.key === "/" && !isTyping && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    document.getElementById("find").click();
  }
});
