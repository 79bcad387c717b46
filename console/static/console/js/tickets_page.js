// One ticket: what may be done follows from where it stands.

import { bodies, changesOf, reveal } from "./tickets_live.js";

bodies("correction", (form) => {
  const body = changesOf(form);
  if (body.posko) delete body.unit; // the posko tells its unit
  return body;
});

const live = document.getElementById("ticket");
const diagnosis = document.getElementById("diagnosis");
const readings = document.getElementById("readings");
const again = document.getElementById("readings-open");
let status = null;

function isOffered(deed, { dataset }) {
  const { if: name, equals, unless, unlessEquals } = deed.dataset;
  const fits = equals ? dataset[name] === equals : Boolean(dataset[name]);
  return fits && !(unless && dataset[unless] === unlessEquals);
}

function offerMoves(moves) {
  const select = document.getElementById("to");
  if (!select) return;
  for (const option of select.options) option.hidden = option.disabled = !moves.includes(option.value);
  if (!moves.includes(select.value)) select.value = moves[0] ?? "";
  reveal(select.form);
}

function offer() {
  const ticket = live.querySelector(".ticket");
  if (!ticket) return;
  for (const deed of document.querySelectorAll("[data-if]")) deed.hidden = !isOffered(deed, ticket);
  offerMoves(ticket.dataset.moves.split(" ").filter(Boolean));
  if (again) again.hidden = !diagnosis.querySelector("[data-diagnosis=SUBMITTED]");
  if (readings && diagnosis.querySelector("[data-diagnosis]")) readings.hidden = true;
  if (status && status !== ticket.dataset.status && diagnosis?.querySelector("[data-diagnosis]")) {
    window.htmx.trigger(diagnosis, "fresh");
  }
  status = ticket.dataset.status;
}

// A form that is unfolded starts from what stands there now; nothing replaces it while it is open, and nothing
// of it is there to type into before.
document.addEventListener(
  "toggle",
  ({ target }) => {
    const part = target.querySelector("[data-on-open]");
    part?.replaceChildren();
    if (part && target.open) window.htmx.trigger(part, "opened");
  },
  true,
);

live.addEventListener("htmx:afterSwap", offer);
diagnosis?.addEventListener("htmx:afterSwap", offer);
