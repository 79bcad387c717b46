// What every page of the console does: the account panel closes, the list of shortcuts opens.

const help = document.getElementById("help");
const account = document.querySelector("details.account");

export function isTyping(target) {
  return target.matches?.("textarea, select, input:not([type=radio], [type=checkbox])") ?? false;
}

function isPlain(event) {
  return !event.ctrlKey && !event.altKey && !event.metaKey;
}

// Until htmx is there, the browser would send a form by itself.
document.addEventListener("htmx:load", () => {
  for (const button of document.querySelectorAll("[data-when-ready]")) button.disabled = false;
}, { once: true });

document.querySelector("[data-help-open]")?.addEventListener("click", () => help.showModal());

document.addEventListener("keydown", (event) => {
  if (event.key === "?" && help && !help.open && isPlain(event) && !isTyping(event.target)) {
    event.preventDefault();
    help.showModal();
  }
  if (event.key === "Escape" && account?.open) {
    event.stopImmediatePropagation();
    account.open = false;
    account.querySelector("summary").focus();
  }
});

document.addEventListener("click", (event) => {
  if (account?.open && !account.contains(event.target)) account.open = false;
});
