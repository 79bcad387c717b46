// Where a caller stands in a program: asked beside the call, which stays where it is.

const dialog = document.getElementById("standing");
const form = document.getElementById("standing-form");
const idpel = document.getElementById("standing-idpel");
const answer = document.getElementById("standing-answer");
const opener = document.querySelector("[data-standing-open]");

/** The customer of the call, else what was typed before one began. */
function known() {
  const call = document.querySelector("#call:not([hidden]) [data-idpel]");
  return call?.dataset.idpel ?? document.getElementById("idpel").value;
}

function open() {
  answer.replaceChildren();
  idpel.value = known();
  dialog.showModal();
  idpel.focus();
}

async function look() {
  const query = new URLSearchParams({ idpel: idpel.value.replaceAll(" ", "") });
  const address = `${document.getElementById("standing-program").value}?${query}`;
  await window.htmx.ajax("GET", address, { source: answer, target: answer, swap: "innerHTML" });
  answer.focus();
}

opener.addEventListener("click", open);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => opener.focus());
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.code !== "KeyP" || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  open();
});
