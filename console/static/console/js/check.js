// The allocation check: the form asks in the order of the SOP, the API answers with a fragment.

import { Answer } from "./answer.js";
import { Cascade } from "./areas.js";
import { CurrentService } from "./current_service.js";
import * as memory from "./memory.js";
import * as problems from "./problems.js";
import { isTyping } from "./shell.js";

const form = document.getElementById("check");
const status = document.getElementById("status");
const answer = new Answer();
const cascade = new Cascade(form.querySelector("[data-cascade]"), form.dataset.areas, form.elements.area);
const service = new CurrentService(form, form.dataset.customers);
let accepted = null; // the product that the applicant agreed to take instead

const value = (name) => form.elements[name].value.trim();
const isManual = () => value("power") === "manual";
const say = (text) => (status.textContent = text);

/** The body of the check; what is empty is left out. */
function question() {
  const asked = {
    transaction: value("transaction"),
    power_va: isManual() ? value("manual") : value("power"),
    tariff: value("tariff"),
    product: value("product"),
    [value("place")]: value(value("place")).replaceAll(" ", ""),
    salutation: value("salutation"),
    applicant_name: value("applicant"),
  };
  if (isManual()) asked.phase = value("phase");
  if (value("transaction") !== "PB") [asked.current_phase, asked.current_product] = value("current").split(" ");
  return Object.fromEntries(Object.entries(asked).filter(([, given]) => given));
}

/** The question in words, as chosen. */
function inWords() {
  const label = (name) => form.querySelector(`[name=${name}]:checked`)?.nextElementSibling.textContent.trim();
  return [
    value("transaction"),
    isManual() ? `${value("manual")} VA` : form.elements.power.selectedOptions[0].text,
    value("tariff"),
    label("product"),
    value("transaction") === "PB" ? "" : label("current"),
    value("place") === "idpel" ? `IDPEL ${value("idpel")}` : cascade.names.reverse().join(", "),
  ];
}

const CONTROLS = {
  area: () => cascade.missing,
  transaction: () => form.elements.transaction[0],
  current_phase: () => form.elements.current[0],
  current_product: () => form.elements.current[0],
  power_va: () => (isManual() ? form.elements.manual : form.elements.power),
  product: () => form.elements.product[0],
};

function mark(name, text) {
  return problems.mark(form, name, text, CONTROLS[name]?.() ?? document.getElementById(name));
}

/** What the API cannot know: an area chosen only halfway, a service not yet confirmed. */
function isComplete() {
  if (value("place") === "area" && cascade.missing) mark("area", cascade.missing.options[0].text);
  if (service.needsConfirmation()) mark("confirmed", status.dataset.unconfirmed);
  return !form.querySelector("[aria-invalid]");
}

function focusFirstProblem() {
  const control = form.querySelector("[aria-invalid]");
  control?.focus();
  return Boolean(control);
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

function startOver() {
  accepted = null;
  problems.clear(form);
  service.reset();
  answer.wait();
  memory.forget(form);
  cascade.reset();
  reveal();
  say(status.dataset.cleared);
  form.elements.provinsi.focus();
}

/** An answer takes the focus, ready for Y and T; problems that came back move to their fields. */
function show() {
  say("");
  for (const line of answer.panel.querySelectorAll("[data-pointer]")) {
    mark(line.dataset.pointer.split("/")[1], line.textContent.trim());
  }
  if (!answer.isGiven && focusFirstProblem()) return;
  if (answer.isGiven && accepted) answer.agree(accepted);
  accepted = null;
  answer.present(inWords());
}

function decide(button) {
  answer.press(button);
  if (button.dataset.answer === "tidak") return answer.decline();
  accepted = button.dataset.product;
  form.elements.product.value = accepted;
  memory.keep(form, cascade.codes);
  form.requestSubmit();
}

function goToStep(number) {
  const controls = form.querySelectorAll(".step")[number - 1].querySelectorAll("select, input:not([type=hidden])");
  const [first, ...others] = [...controls].filter((control) => control.name !== "place" && control.checkVisibility());
  (others.find((control) => control.name === first.name && control.checked) ?? first).focus();
}

form.addEventListener("input", () => {
  reveal();
  answer.outdate();
  memory.keep(form, cascade.codes);
});
form.addEventListener("reset", () => setTimeout(startOver));

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.target.matches("button, summary")) return;
  event.preventDefault();
  form.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey) return;
  const step = /^Digit([1-4])$/.exec(event.code);
  if (event.altKey && step) {
    event.preventDefault();
    goToStep(Number(step[1]));
  } else if (!event.altKey && event.key === "Escape") {
    form.reset();
  } else if (!event.altKey && !isTyping(event.target)) {
    answer.button({ y: "ya", t: "tidak" }[event.key.toLowerCase()])?.click();
  }
});

answer.panel.addEventListener("click", (event) => {
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
answer.panel.addEventListener("htmx:afterSwap", show);
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  form.addEventListener(failure, (event) => {
    if (event.target === form) answer.fail(status.dataset.unreachable);
    say(status.dataset.unreachable);
  });
}

const kept = memory.restore(form) ?? cascade.codes; // a browser, or a quick hand, may have filled in some
reveal();
cascade.choose(kept);
