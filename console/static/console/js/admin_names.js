// Names for fields that the back office's theme leaves nameless: the boxes of Select2, and inputs in table rows.

const words = (element) => element.textContent.replace("*", "").trim();

function nameSelect(box) {
  const select = box.closest(".select2-container")?.previousElementSibling;
  const label = select?.id && document.querySelector(`label[for="${select.id}"]`);
  if (!label) return;
  const chosen = select.selectedOptions?.[0];
  box.removeAttribute("aria-labelledby");
  box.setAttribute("aria-label", chosen ? `${words(label)} ${words(chosen)}`.trim() : words(label));
  box.querySelector("[role=textbox]")?.setAttribute("aria-label", words(label));
}

function nameCell(input) {
  const cell = input.closest("td");
  const head = cell && input.closest("table").querySelectorAll("thead th")[cell.cellIndex];
  if (head && !input.labels?.length) input.setAttribute("aria-label", words(head));
}

function nameAll() {
  document.querySelectorAll(".select2-selection").forEach(nameSelect);
  document.querySelectorAll("td :is(input:not([type=hidden]), select, textarea):not([aria-label])").forEach(nameCell);
}

addEventListener("DOMContentLoaded", () => {
  nameAll();
  new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
});
