// A browser shows dates in its own order: 11/12 may be either month. Below the field the day is said in words.

const WORDS = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
const DAYS = "input[type=date], input[type=datetime-local]";

function say(input) {
  let words = input.nextElementSibling;
  if (!words?.matches("[data-day-words]")) {
    if (!input.value) return;
    words = Object.assign(document.createElement("small"), { className: "hint day-words" });
    words.dataset.dayWords = "";
    input.after(words);
  }
  const day = new Date(input.value.length === 10 ? `${input.value}T00:00` : input.value);
  words.textContent = Number.isNaN(day.valueOf()) ? "" : day.toLocaleDateString(document.documentElement.lang, WORDS);
}

const sayAll = () => document.querySelectorAll(DAYS).forEach(say);

document.addEventListener("change", ({ target }) => target.matches(DAYS) && say(target));
document.addEventListener("reset", () => setTimeout(sayAll));
document.addEventListener("htmx:afterSettle", sayAll);
sayAll();
