// What is typed but not yet sent survives a reload of this tab. Nothing about a person is kept: for that the
// browser asks before it leaves the page.

const LONG_NUMBER = /\d(?:[ .-]?\d){7,}/; // a telephone number, an IDPEL, a NIK inside a note

const isPersonal = (control) => "personal" in control.dataset || (isText(control) && LONG_NUMBER.test(control.value));
const isText = (control) => control.matches("textarea, input:not([type]), input[type=search], input[type=text]");
const isTicked = (control) => control.matches("[type=radio], [type=checkbox]");
const controls = (form) => [...form.elements].filter((it) => it.matches("input:not([type=hidden]), select:not([data-area]), textarea"));

export class Draft {
  /** `of` names the place that `form` belongs to: a step of a call, or the beginning of one. */
  constructor(key, of, form) {
    Object.assign(this, { key, of, form });
  }

  keep(cascades) {
    const values = controls(this.form).filter((it) => !isPersonal(it)).map((it) => [this.name(it), isTicked(it) ? it.checked : it.value]);
    const codes = cascades.map((cascade) => cascade.codes);
    sessionStorage.setItem(this.key, JSON.stringify({ of: this.of, values: Object.fromEntries(values), codes }));
  }

  /** Put back what was kept for this very place; answers the area codes of each cascade, or null. */
  restore() {
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "null");
    if (kept?.of !== this.of) return this.forget();
    for (const control of controls(this.form)) {
      const value = kept.values[this.name(control)];
      if (value === undefined) continue;
      if (isTicked(control)) control.checked = value;
      else control.value = value;
    }
    return kept.codes;
  }

  forget() {
    sessionStorage.removeItem(this.key);
    return null;
  }

  /** True when leaving would lose something that is not kept. */
  get isAtRisk() {
    return this.form.isConnected && controls(this.form).some((it) => isPersonal(it) && it.value !== it.defaultValue);
  }

  name(control) {
    return isTicked(control) ? `${control.name}=${control.value}` : control.name || control.id;
  }
}
