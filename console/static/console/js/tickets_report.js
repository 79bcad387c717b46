// The report form: who calls, what is wrong, where, and what was reported before.

import { Cascade } from "./areas.js";
import { bodies, bodyOf, reveal } from "./tickets_live.js";

const form = document.getElementById("report");
const answer = document.getElementById("answer");
const candidates = document.getElementById("candidates");
const customer = document.getElementById("customer");
const cascade = new Cascade(form.querySelector("[data-cascade]"), form.dataset.areas, form.elements.area);
const outage = document.getElementById("outage");
const WATCHED = ["idpel", "caller_number", "mobile_number", "latitude", "longitude"];
let customersArea = "";

const value = (name) => form.elements[name].value.trim();
const idpel = () => value("idpel").replaceAll(" ", "");

function report() {
  const body = bodyOf(form);
  if (body.posko) delete body.unit; // the posko tells its unit
  return body.idpel ? { ...body, idpel: idpel() } : body;
}

/** Latitude and longitude, once both are numbers. */
function coordinates() {
  const { latitude, longitude } = bodyOf(form);
  return typeof latitude === "number" && typeof longitude === "number" ? { latitude, longitude } : {};
}

function sought() {
  const phones = [value("caller_number"), value("mobile_number")].filter((number) => number.length > 7);
  return { ...(/^\d{12}$/.test(idpel()) && { idpel: idpel() }), ...(phones.length && { phones }), ...coordinates() };
}

bodies("report", report);
bodies("candidates", sought);
bodies("repeat", () => ({
  ...(value("caller_number") && { caller_number: value("caller_number") }),
  ...(value("problem") && { words: value("problem").slice(0, 500) }),
}));

async function showCustomer() {
  customer.textContent = customersArea = "";
  showOutage();
  if (!/^\d{12}$/.test(idpel())) return;
  const response = await fetch(`${form.dataset.customers}${idpel()}/`, { headers: { Accept: "application/json" } });
  if (!response.ok) return (customer.textContent = customer.dataset.unknown);
  const { name, product, address, unit, area } = await response.json();
  customer.textContent = [name, product, address, area?.display_name, unit.name].filter(Boolean).join(" · ");
  customersArea = area?.code ?? "";
  showOutage();
}

/** The wide outage that the place lies in, before another work order is opened for it. */
function showOutage() {
  const area = form.elements.area.value || customersArea;
  if (!area || form.elements.tab.value !== "GANGGUAN") return outage.replaceChildren();
  const query = new URLSearchParams({ area, is_current: "true" });
  window.htmx.ajax("GET", `${outage.dataset.incidents}?${query}`, { source: outage, target: outage, swap: "innerHTML" });
}

function look() {
  if (Object.keys(sought()).length) window.htmx.trigger(candidates, "look");
  else candidates.replaceChildren();
}

function showWhatIsOpen() {
  for (const part of form.querySelectorAll("[data-open-only]")) part.hidden = form.elements.is_issue_closed.checked;
}

for (const name of WATCHED) form.elements[name].addEventListener("change", look);
form.elements.idpel.addEventListener("change", showCustomer);
form.addEventListener("input", showWhatIsOpen);
form.addEventListener("change", ({ target }) => {
  if (target.matches("[data-area], [name=tab]")) showOutage(); // the cascade has noted the area by now
});
form.addEventListener("reset", () =>
  setTimeout(() => {
    reveal(form);
    showWhatIsOpen();
    cascade.reset();
    candidates.replaceChildren();
    customer.textContent = customersArea = "";
    outage.replaceChildren();
    form.elements.posko.replaceChildren(new Option("—", ""));
    form.elements.reporter_name.focus();
  }),
);

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const step = /^Digit([1-4])$/.exec(event.code);
  if (event.ctrlKey && event.key === "Enter") form.requestSubmit();
  else if (event.altKey && step) {
    event.preventDefault();
    form.querySelectorAll(".step")[step[1] - 1].querySelector("input:checked, input:not([type=hidden]), select").focus();
  }
});

candidates.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target === candidates && event.detail.xhr.status >= 400) event.detail.shouldSwap = false;
});
answer.addEventListener("htmx:afterSwap", () => {
  const saved = answer.querySelector(".saved, .ticket");
  if (!saved) return;
  form.reset();
  (answer.querySelector("[data-next]") ?? answer).focus();
});
reveal(form);
