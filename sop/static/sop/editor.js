// The editor of procedures: line numbers beside a plain text area, lines with problems marked, checked as
// one types. Without this script the same problems stand below the text, with their lines.
"use strict";

const PAUSE = 800;

function setUp(area) {
  const frame = document.createElement("div");
  const gutter = document.createElement("div");
  frame.className = "sop-editor-frame";
  gutter.className = "sop-editor-gutter";
  gutter.setAttribute("aria-hidden", "true");
  area.replaceWith(frame);
  frame.append(gutter, area);
  const list = document.querySelector("[data-problems]");
  let problems = new Set([...(list?.querySelectorAll("[data-line]") ?? [])].map((it) => Number(it.dataset.line)));

  function draw() {
    const count = area.value.split("\n").length;
    const lines = Array.from({ length: count }, (_, index) => {
      const line = document.createElement("span");
      line.textContent = index + 1;
      line.classList.toggle("has-problem", problems.has(index + 1));
      return line;
    });
    gutter.replaceChildren(...lines);
    follow();
  }

  function follow() {
    gutter.style.height = `${area.clientHeight}px`;
    gutter.scrollTop = area.scrollTop;
  }

  function show(found) {
    problems = new Set(found.map((it) => it.line));
    draw();
    if (!list) return;
    const items = document.createElement("ul");
    for (const { line, message } of found) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.className = "sop-link";
      link.href = `#line-${line}`;
      link.textContent = line;
      item.dataset.line = line;
      item.append(link, `: ${message}`);
      items.append(item);
    }
    list.replaceChildren(...(found.length ? [items] : []));
  }

  async function check() {
    const body = new URLSearchParams({ source: area.value });
    const token = area.form.elements.csrfmiddlewaretoken.value;
    const answer = await fetch(area.dataset.check, { method: "POST", body, headers: { "X-CSRFToken": token } });
    if (answer.ok) show((await answer.json()).problems);
  }

  function goTo(line) {
    const start = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const end = area.value.indexOf("\n", start);
    area.focus();
    area.setSelectionRange(start, end < 0 ? area.value.length : end);
    area.scrollTop = (line - 4) * parseFloat(getComputedStyle(area).lineHeight);
  }

  let waiting = 0;
  area.addEventListener("scroll", follow);
  area.addEventListener("input", () => {
    draw();
    clearTimeout(waiting);
    waiting = setTimeout(check, PAUSE);
  });
  new ResizeObserver(follow).observe(area);
  const jump = () => {
    const found = /^#line-(\d+)$/.exec(location.hash);
    if (found) goTo(Number(found[1]));
  };
  addEventListener("hashchange", jump);
  draw();
  jump();
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("textarea.sop-editor").forEach(setUp);
});
