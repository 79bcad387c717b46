// The posko's board: the dialogs that ask for a crew or a reason.

const board = document.getElementById("board");
const assign = document.getElementById("assign");
const ask = document.getElementById("ask");
const postpone = document.getElementById("postpone");
const crews = document.getElementById("crews");

function open(dialog, button) {
  const { ticket } = button.closest(".order").dataset;
  const form = dialog.querySelector("form");
  form.setAttribute("hx-post", button.dataset.url);
  window.htmx.process(form);
  form.reset();
  dialog.querySelector("[id$=-problem]").replaceChildren();
  dialog.querySelector("[data-ticket]").textContent = ticket;
  dialog.returnTo = button.id;
  dialog.showModal();
}

async function openAssign(button) {
  crews.replaceChildren();
  open(assign, button);
  const query = new URLSearchParams({ posko: button.closest(".order").dataset.posko, is_on_duty: "true", page_size: "200" });
  await window.htmx.ajax("GET", `${assign.dataset.crews}?${query}`, { source: crews, target: crews, swap: "innerHTML" });
  crews.querySelector("input")?.focus();
}

/** With a crew named the order ends; without one it is the ticket that is moved. */
function openPostpone(button) {
  open(postpone, button);
  const { to } = postpone.querySelector("form").elements;
  to.value = button.dataset.to ?? "";
  to.disabled = !button.dataset.to;
}

board.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (!button) return;
  if (button.dataset.ask === "assign") return openAssign(button);
  if (button.dataset.ask === "postpone") return openPostpone(button);
  ask.querySelector("[data-verb]").textContent = button.textContent.trim();
  open(ask, button);
});
for (const dialog of [assign, ask, postpone]) {
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => document.getElementById(dialog.returnTo)?.focus());
}
