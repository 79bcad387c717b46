// The service a customer has today: read from the record by IDPEL, or said by the caller.

export class CurrentService {
  constructor(form, address) {
    this.form = form;
    this.address = address;
    this.confirm = form.querySelector("[data-confirm]");
    this.checkbox = form.querySelector("#confirmed");
    form.elements.idpel.addEventListener("change", () => this.read());
    for (const choice of form.elements.current) choice.addEventListener("change", () => this.reset());
  }

  /** True while a pre-filled service waits for the caller's word. */
  needsConfirmation() {
    return this.isAsked() && !this.confirm.hidden && !this.checkbox.checked;
  }

  isAsked() {
    return this.form.elements.transaction.value !== "PB" && this.form.elements.place.value === "idpel";
  }

  async read() {
    this.reset();
    const idpel = this.form.elements.idpel.value.replaceAll(" ", "");
    if (!/^\d{12}$/.test(idpel)) return;
    const response = await fetch(`${this.address}${idpel}/`, { headers: { Accept: "application/json" } });
    if (response.ok) this.fill(await response.json());
  }

  fill({ phase, product }) {
    this.form.elements.current.value = `${phase} ${product}`;
    this.checkbox.checked = false;
    this.confirm.hidden = false;
  }

  reset() {
    this.checkbox.checked = false;
    this.confirm.hidden = true;
  }
}
