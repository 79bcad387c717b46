// The allocation check: the form asks in the order of the SOP, the API answers with a fragment.

import { Cascade } from "./areas.js";
import { CurrentService } from "./current_service.js";
import * as memory from "./memory.js";
import * as problems from "./problems.js";
import { isTyping } from "./shell.js";

const form = document.getElementById("check");
const answer = document.getElementById("answer");
const status = document.getElementById("status");
const cascade = new Cascade(form.querySelector("[data-cascade]"), form.dataset.areas, form.elements.area);
const service = new CurrentService(form, form.dataset.customers);
let accepted = null; // the product that the applicant agreed to take instead

const value = (name) => form.elements[name].value.trim();
const say = (text) => (status.textContent = text);
const fill = (id) => document.getElementById(id).content.cloneNode(true);

/** "2.200" and "2200" are the same power; anything else goes to the API as it was typed. */
function power() {
  const typed = value("power") === "manual" ? value("manual") : value("power");
  return /^\d{1,3}(\.\d{3})+$/.test(typed) ? typed.replaceAll(".", "") : typed;
}

/** The body of the check; what is empty is left out. */
function question() {
  const asked = {
    transaction: value("transaction"),
    power_va: power(),
    tariff: value("tariff"),
    product: value("product"),
    [value("place")]: value(value("place")).replaceAll(" ", ""),
    salutation: value("salutation"),
    applicant_name: value("applicant"),
  };
  if (value("power") === "manual") asked.phase = value("phase");
  if (value("transaction") !== "PB") [asked.current_phase, asked.current_product] = value("current").split(" ");
  return Object.fromEntries(Object.entries(asked).filter(([, given]) => given));
}

const CONTROLS = {
  area: () => cascade.missing,
  transaction: () => form.elements.transaction[0],
  current_phase: () => form.elements.current[0],
  current_product: () => form.elements.current[0],
  power_va: () => (value("power") === "manual" ? form.elements.manual : form.elements.power),
  product: () => form.elements.product[0],
};

function mark(name, text) {
  const control = CONTROLS[name]?.() ?? document.getElementById(name);
  return problems.mark(form, name, text, control);
}

/** What the API cannot know: an area chosen only halfway, a service not yet confirmed. */
function isComplete() {
  if (value("place") === "area" && cascade.missing) mark("area", cascade.missing.options[0].text);
  if (service.needsConfirmation()) mark("confirmed", status.dataset.missing);
  return !form.querySelector("[aria-invalid]");
}

function focusFirstProblem() {
  form.querySelector("[aria-invalid]")?.focus();
}

/** Show what depends on a choice (`data-when` names it, `data-is` its values), hide the rest. */
function reveal() {
  for (const part of form.querySelectorAll("[data-when]")) {
    part.hidden = !part.dataset.is.split(" ").includes(value(part.dataset.when));
  }
  for (const word of form.querySelectorAll("[data-salutation]")) {
    const neutral = word.dataset.salutation === "short" ? "Bp/Ibu" : "Bapak/Ibu";
    word.textContent = value("salutation") || neutral;
  }
}

function clear() {
  accepted = null;
  problems.clear(form);
  service.reset();
  answer.replaceChildren(fill("waiting"));
  memory.forget();
  cascade.reset();
  reveal();
  say(status.dataset.cleared);
  form.elements.provinsi.focus();
}

/** Problems that came back move to their fields; an answer gets the focus, ready for Y and T. */
function show(isAnswer) {
  for (const line of answer.querySelectorAll("[data-pointer]")) {
    mark(line.dataset.pointer.split("/")[1], line.textContent.trim());
  }
  if (isAnswer && accepted) agree();
  accepted = null;
  say("");
  if (!isAnswer && form.querySelector("[aria-invalid]")) focusFirstProblem();
  else answer.focus();
  answer.scrollIntoView({ block: "nearest" });
}

function agree() {
  const note = fill("accepted");
  note.querySelector("[data-product]").textContent = accepted;
  answer.prepend(note);
}

function decline() {
  const note = fill("declined");
  const word = value("product") === "PASCABAYAR" ? "PASKABAYAR" : "PRABAYAR"; // as the SOP's scripts spell it
  note.querySelector("[data-product]").textContent = word;
  answer.querySelector(".next-step")?.remove();
  answer.querySelector("[data-notification]").after(note);
  answer.querySelector(".next-step").scrollIntoView({ block: "nearest" });
}

function decide(button) {
  for (const other of answer.querySelectorAll("[data-answer]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  if (button.dataset.answer === "tidak") return decline();
  accepted = button.dataset.product;
  form.elements.product.value = accepted;
  memory.keep(form, cascade.codes);
  form.requestSubmit();
}

form.addEventListener("change", () => {
  reveal();
  memory.keep(form, cascade.codes);
});
form.addEventListener("input", () => memory.keep(form, cascade.codes));
form.addEventListener("reset", () => setTimeout(clear));

form.addEventListener("keydown", (event) => {
  const isButton = event.target.matches("button, summary");
  if (event.key !== "Enter" || isButton || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape") form.reset();
  const choice = { y: "ya", t: "tidak" }[event.key.toLowerCase()];
  if (choice && !isTyping(event.target)) answer.querySelector(`[data-answer="${choice}"]`)?.click();
});

answer.addEventListener("click", (event) => {
  const button = event.target.closest("[data-answer]");
  if (button) decide(button);
});

form.addEventListener("htmx:confirm", (event) => {
  if (event.target !== form) return;
  problems.clear(form);
  if (isComplete()) return;
  event.preventDefault();
  say(status.dataset.missing);
  focusFirstProblem();
});
form.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt === form) event.detail.parameters = question();
});
form.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target === form) say(status.dataset.busy);
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === answer) show(event.detail.xhr.status < 400);
});
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  form.addEventListener(failure, () => {
    say(status.dataset.unreachable);
    answer.replaceChildren(Object.assign(document.createElement("p"), { className: "message error", textContent: status.dataset.unreachable }));
  });
}

const codes = memory.restore(form);
reveal();
cascade.choose(codes).then(() => memory.keep(form, cascade.codes));
