"use strict";
const form = document.getElementById("narrow");
const words = document.getElementById("words");
form.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
words.addEventListener("input", () => {
  const wanted = words.value.trim().toLowerCase();
  let shown = 0;
  for (const section of document.querySelectorAll("section.rule")) {
    const whole = section.dataset.rule.toLowerCase().includes(wanted);
    let left = 0;
    for (const article of section.querySelectorAll("article.text")) {
      article.hidden = !whole && !article.textContent.toLowerCase().includes(wanted);
      left += !article.hidden;
    }
    section.hidden = left === 0;
    shown += left;
  }
  document.getElementById("narrowed").textContent = wanted ? `${shown} texts` : "";
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "/") {
    event.preventDefault();
    words.focus();
    return;
  }
  if (event.key !== "j" && event.key !== "k") return;
  const texts = [...document.querySelectorAll("article.text")].filter((one) => one.offsetParent !== null);
  const at = texts.findIndex((one) => one.classList.contains("current"));
  const next = texts[at < 0 ? 0 : Math.min(texts.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
  if (!next) return;
  texts[at]?.classList.remove("current");
  next.classList.add("current");
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "center" });
});
