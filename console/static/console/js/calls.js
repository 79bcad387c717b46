// The call desk: who calls and which procedure, then the steps of the call as the API renders them.

import { Draft } from "./calls_draft.js";
import * as fields from "./calls_fields.js";
import { isTyping } from "./shell.js";

const CALL = /^#([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const desk = document.getElementById("desk");
const start = document.getElementById("start");
const opening = document.getElementById("opening");
const place = document.getElementById("call");
const procedures = document.getElementById("procedures");
const search = document.getElementById("search");
const status = document.getElementById("status");
const draftKey = `pln-portal:call:${desk.dataset.reader}`;
const openingCascades = fields.prepare(opening, desk.dataset.areas);

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

let shown = null; // the rendered call that was made ready last
let draft = null;
let cascades = [];
let isChoosing = false; // areas that the portal knows are still being looked up
let areasChosen = Promise.resolve();
let openingKey = newKey();

const inUse = () => (start.hidden ? place : start);
const press = (selector) => inUse().querySelector(selector)?.click();

// --- Which call, by what stands behind the # of the address

function follow() {
  const id = CALL.exec(location.hash)?.[1];
  start.hidden = Boolean(id);
  place.hidden = !id;
  if (id) load(id);
  else begin();
}

function load(id) {
  shown = null;
  return window.htmx.ajax("GET", `${desk.dataset.calls}${id}/`, { source: place, target: place, swap: "innerHTML" });
}

function begin() {
  [draft, cascades] = [new Draft(draftKey, "opening", opening), openingCascades];
  takeUp(draft.restore());
  document.getElementById("caller_number").focus();
  window.htmx.trigger(procedures, "wanted");
}

/** Choose the areas that were chosen before a reload, else those the portal knows. */
function takeUp(codes) {
  isChoosing = true;
  areasChosen = Promise.allSettled(cascades.map((cascade, index) => cascade.choose(codes?.[index] ?? cascade.given)));
  areasChosen.then(() => (isChoosing = false));
  draft.form.querySelectorAll(".reading").forEach((part) => part.dispatchEvent(new Event("restored")));
}

/** A step has come: ready its fields and give it the keyboard. */
function arrive() {
  const call = place.querySelector(".call");
  if (!call || call === shown) return;
  shown = call;
  start.hidden = true;
  place.hidden = false;
  if (location.hash !== `#${call.dataset.call}`) history.pushState(null, "", `#${call.dataset.call}`);
  cascades = fields.prepare(call, desk.dataset.areas);
  openingKey = newKey();
  const form = call.querySelector(".answer-step");
  if (form) {
    draft = new Draft(draftKey, `${call.dataset.call} ${call.dataset.at}`, form);
    takeUp(draft.restore());
  } else draft?.forget();
  focus(call);
}

function focus(call) {
  const asks = call.querySelector("[data-kind=collect] .call-field");
  ((asks && fields.first(asks)) || call.querySelector("[data-focus]")).focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
  const path = call.querySelector(".path");
  path.scrollTop = path.scrollHeight;
}

// --- What the API refuses

function formOf(element) {
  const form = element.closest("form");
  return form?.querySelector(".problems") ? form : inUse().querySelector(".answer-step, #opening");
}

desk.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const form = formOf(detail.requestConfig.elt);
  if (detail.xhr.status < 400 || !detail.shouldSwap || !form) return;
  detail.target = form.querySelector(".problems");
  detail.swapOverride = "innerHTML";
});

function refuse(slot) {
  const [form, card] = [slot.closest("form"), slot.querySelector(".problem-card")];
  if (!card) return;
  if (card.dataset.code === "stale_step") return load(place.querySelector(".call").dataset.call);
  if (fields.place(form, card)) slot.replaceChildren();
  fields.focusFirstProblem(form);
}

function unreachable(event) {
  const slot = formOf(event.target)?.querySelector(".problems");
  const line = Object.assign(document.createElement("p"), { className: "message error", textContent: status.dataset.unreachable });
  (slot ?? place).replaceChildren(line);
  status.textContent = status.dataset.unreachable;
}

desk.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.matches(".problems")) refuse(event.target);
  else if (event.target.closest("#call")) arrive();
});
for (const failure of ["htmx:sendError", "htmx:timeout"]) desk.addEventListener(failure, unreachable);

// --- What the agent sends

// Only htmx sends: a form that it does not know yet would put what was typed into the address.
desk.addEventListener("submit", (event) => event.preventDefault());

desk.addEventListener("htmx:confirm", (event) => {
  const form = event.target;
  if (!form.matches("form")) return;
  form.querySelector(".problems")?.replaceChildren();
  if (isChoosing) {
    event.preventDefault();
    areasChosen.then(() => form.requestSubmit(event.detail.triggeringEvent.submitter));
    return;
  }
  if (fields.isComplete(form, status.dataset)) return;
  event.preventDefault();
  status.textContent = status.dataset.missing;
  fields.focusFirstProblem(form);
});

desk.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt === opening) detail.headers["Idempotency-Key"] = openingKey;
  if (detail.elt !== procedures) return;
  const asked = { search: search.value.trim(), area: openingCascades[0].output.value };
  detail.parameters = Object.fromEntries(Object.entries(asked).filter(([, given]) => given));
});

let typing = 0;
opening.addEventListener("input", (event) => {
  openingKey = newKey();
  if (event.target !== search && !event.target.matches("[data-area]")) return;
  clearTimeout(typing);
  typing = setTimeout(() => window.htmx.trigger(procedures, "wanted"), 200);
});

for (const change of ["input", "change"]) desk.addEventListener(change, (event) => {
  if (draft?.form.contains(event.target)) draft.keep(cascades);
});
window.addEventListener("beforeunload", (event) => {
  if (draft?.isAtRisk) event.preventDefault();
});

// --- By keyboard

function enter(event) {
  if (event.target.matches("button, a, summary")) return;
  if (event.target.closest("#opening") && event.target !== search) {
    event.preventDefault(); // begins no procedure by mistake
    search.focus();
  } else if (event.ctrlKey && event.target.form) {
    event.target.form.requestSubmit();
  } else if (!isTyping(event.target)) {
    event.preventDefault();
    press("[data-next], [data-new-call]");
  }
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.repeat || event.isComposing || event.metaKey) return;
  if (event.key === "Enter") enter(event);
  else if (event.altKey && event.code === "Digit0") press("[data-back]");
  else if (event.altKey && event.code === "KeyN") press(".no-number input");
  else if (!event.altKey && !event.ctrlKey && !isTyping(event.target) && /^[0-9]$/.test(event.key)) {
    press(event.key === "0" ? "[data-back]" : `[data-key="${event.key}"]`);
  } else return;
  if (event.key !== "Enter") event.preventDefault();
});

desk.addEventListener("click", (event) => {
  if (!event.target.closest("[data-new-call]")) return;
  event.preventDefault();
  location.assign(location.pathname);
});

window.addEventListener("hashchange", follow);
document.addEventListener("DOMContentLoaded", follow); // after htmx, which readies the page then
