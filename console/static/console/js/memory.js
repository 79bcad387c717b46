// What was chosen survives a reload of this tab. Nothing about a person is kept: no IDPEL, no name.

const KEY = "pln-portal:check";
const KEPT = ["place", "transaction", "current", "power", "manual", "phase", "tariff", "product", "salutation"];

export function keep(form, codes) {
  const chosen = Object.fromEntries(KEPT.map((name) => [name, form.elements[name].value]));
  sessionStorage.setItem(KEY, JSON.stringify({ chosen, codes }));
}

export function forget() {
  sessionStorage.removeItem(KEY);
}

/** Put the choices back into `form`; answers the area codes, which take a moment longer. */
export function restore(form) {
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (!kept) return [];
  for (const name of KEPT) if (kept.chosen[name]) form.elements[name].value = kept.chosen[name];
  return kept.codes;
}
