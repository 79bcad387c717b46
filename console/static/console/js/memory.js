// What a reader chose survives a reload of this tab. Nothing about a person is kept: no IDPEL, no name.

const KEPT = ["place", "transaction", "current", "power", "manual", "phase", "tariff", "product", "salutation"];

const key = (form) => `pln-portal:check:${form.dataset.reader}`;

export function keep(form, codes) {
  const chosen = Object.fromEntries(KEPT.map((name) => [name, form.elements[name].value]));
  sessionStorage.setItem(key(form), JSON.stringify({ chosen, codes }));
}

export function forget(form) {
  sessionStorage.removeItem(key(form));
}

/** Put the choices back into `form`; answers the area codes, which take a moment longer, or null. */
export function restore(form) {
  const kept = JSON.parse(sessionStorage.getItem(key(form)) ?? "null");
  if (!kept) return null;
  for (const name of KEPT) if (kept.chosen[name]) form.elements[name].value = kept.chosen[name];
  return kept.codes;
}
