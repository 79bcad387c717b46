// The cascade Provinsi, Kabupaten, Kecamatan, Desa. The API renders the options of each level.

export class Cascade {
  constructor(root, address, output) {
    this.selects = [...root.querySelectorAll("select[data-area]")];
    this.prompts = this.selects.map((select) => select.options[0].text);
    this.address = address;
    this.output = output;
    this.selects.forEach((select, level) => select.addEventListener("change", () => this.open(level)));
    root.addEventListener("htmx:beforeSwap", (event) => {
      if (event.detail.xhr.status >= 400) event.detail.shouldSwap = false; // a problem is no list of options
    });
    if (this.selects[0].value) this.open(0); // chosen before this script was there
  }

  get codes() {
    return this.selects.map((select) => select.value);
  }

  get names() {
    return this.selects.map((select) => select.selectedOptions[0].text);
  }

  /** The first level that is still to be chosen, or nothing. */
  get missing() {
    return this.selects.find((select) => !select.value);
  }

  /** Fill the level below the one just chosen, and empty those further down. */
  async open(level) {
    this.selects.slice(level + 1).forEach((select, index) => this.empty(level + 1 + index));
    this.output.value = this.missing ? "" : this.selects.at(-1).value;
    const next = this.selects[level + 1];
    const parent = this.selects[level].value;
    if (!next || !parent) return;
    next.setAttribute("aria-busy", "true");
    try {
      await this.load(next, parent);
      next.disabled = next.options.length < 2;
    } finally {
      next.removeAttribute("aria-busy");
    }
  }

  load(select, parent) {
    const query = new URLSearchParams({ parent, page_size: "200" });
    return window.htmx.ajax("GET", `${this.address}?${query}`, { source: select, target: select, swap: "innerHTML" });
  }

  empty(level) {
    this.selects[level].replaceChildren(new Option(this.prompts[level], ""));
    this.selects[level].disabled = true;
  }

  /** Choose again what was chosen before, level by level; stop where an area no longer exists. */
  async choose(codes) {
    for (const [level, code] of codes.entries()) {
      this.selects[level].value = code;
      if (this.selects[level].value !== code || !code) return;
      await this.open(level);
    }
  }

  reset() {
    this.selects[0].value = "";
    this.open(0);
  }
}
