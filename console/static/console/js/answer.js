// The answer beside the form: which question it belongs to, and what follows from Ya and Tidak.

const fill = (id) => document.getElementById(id).content.cloneNode(true);

export class Answer {
  constructor() {
    this.panel = document.getElementById("answer");
    this.asked = document.getElementById("asked");
    this.stale = document.getElementById("stale");
  }

  get isGiven() {
    return this.panel.querySelector(".answer") !== null;
  }

  /** Back to the empty place, before anything was asked. */
  wait() {
    this.panel.replaceChildren(fill("waiting"));
    this.asked.hidden = this.stale.hidden = true;
  }

  /** Name the question, so that nobody reads out the answer to another one, and take the focus. */
  present(question) {
    this.asked.replaceChildren(...question.filter(Boolean).map((text) => Object.assign(document.createElement("span"), { textContent: text })));
    this.asked.hidden = !this.isGiven;
    this.stale.hidden = true;
    this.panel.focus({ preventScroll: true });
    this.bringIntoView();
  }

  /** The form changed: what stands here is the answer to something else. */
  outdate() {
    this.stale.hidden = !this.isGiven;
  }

  /** The applicant takes `product` instead. */
  agree(product) {
    const note = fill("accepted");
    note.querySelector("[data-product]").textContent = product;
    this.panel.prepend(note);
  }

  /** The applicant does not: what the SOP says then. */
  decline() {
    this.panel.querySelector(".next-step")?.remove();
    this.panel.querySelector("[data-notification]").after(fill("declined"));
    this.panel.querySelector(".next-step").scrollIntoView({ block: "nearest" });
  }

  button(choice) {
    return this.panel.querySelector(`[data-answer="${choice}"]`);
  }

  press(button) {
    for (const other of this.panel.querySelectorAll("[data-answer]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  }

  bringIntoView() {
    const { top } = this.panel.getBoundingClientRect();
    if (top < 0 || top > window.innerHeight / 2) this.asked.scrollIntoView({ block: "start" });
  }

  /** Say in place of an answer that there is none. */
  fail(text) {
    this.wait();
    this.panel.replaceChildren(Object.assign(document.createElement("p"), { className: "message error", textContent: text }));
  }
}
