"use strict";
const byId = (id) => document.getElementById(id);
const articles = () => [...document.querySelectorAll("article.text")];
const cuts = [...document.querySelectorAll("#cuts li")];
let saying;

function say(text) {
  byId("said").textContent = text;
  clearTimeout(saying);
  saying = setTimeout(() => { byId("said").textContent = ""; }, 2500);
}

function place() {
  return (cuts.length ? cuts : articles()).findIndex((one) => one.classList.contains("current"));
}

function move(to, scroll = true) {
  const all = cuts.length ? cuts : articles();
  if (!all.length) return;
  const next = all[Math.min(all.length - 1, Math.max(0, to))];
  all.forEach((one) => one.classList.toggle("current", one === next));
  if (cuts.length) {
    document.querySelectorAll(".line.at").forEach((one) => one.classList.remove("at"));
    const line = document.querySelector(`.line[data-start="${next.dataset.start}"]`) ?? nearest(next);
    line?.classList.add("at");
    if (scroll) line?.querySelector(".said").scrollIntoView({ block: "center" });
    const judge = byId("judge");
    judge.hidden = false;
    judge.querySelector("[name=number]").value = next.dataset.number;
    judge.querySelector("[data-about]").textContent = `Removal ${all.indexOf(next) + 1} of ${all.length}: ${next.dataset.code}`;
    mark(judge, next.dataset.verdict);
    remember("at", next.dataset.start);
    return;
  }
  next.focus({ preventScroll: true });
  if (scroll) next.scrollIntoView({ block: "nearest" });
  remember("at", next.dataset.number);
  context(next);
}

function nearest(cut) {
  const lines = [...document.querySelectorAll(".line[data-start]")];
  return lines.filter((line) => Number(line.dataset.start) <= Number(cut.dataset.start)).pop();
}

function remember(name, value) {
  const url = new URL(location.href);
  url.searchParams.set(name, value);
  history.replaceState(null, "", url);
}

async function context(article) {
  const box = article.querySelector("[data-context]");
  if (!box || box.childElementCount) return;
  // when the reader goes on meanwhile, or the server is gone, the lines that are there do
  const answer = await fetch(box.dataset.context).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (box.childElementCount) return;
  box.replaceChildren(...page.body.children);
  article.querySelector(":scope > .lines").hidden = true;
}

function mark(where, verdict) {
  where.querySelectorAll("[data-judge]").forEach((button) =>
    button.setAttribute("aria-pressed", String(button.value === verdict)));
  const said = where.querySelector("[data-verdict]");
  said.textContent = verdict ? `judged ${verdict}` : "";
  said.className = `verdict ${verdict}`;
}

function show(number, verdict) {
  for (const article of articles()) if (article.dataset.number === number) mark(article, verdict);
  for (const cut of cuts) if (cut.dataset.number === number) cut.dataset.verdict = verdict;
  if (cuts.length && byId("judge").querySelector("[name=number]").value === number) mark(byId("judge"), verdict);
}

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(body) });
  const said = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
  if (!answer.ok) throw new Error(said.error ?? `the server answered ${answer.status}`);
  return said;
}

async function judge(number, verdict) {
  try {
    const said = await post("/verdict", { number, verdict });
    show(String(said.number), said.verdict);
    say(`${said.verdict}: saved`);
  } catch (error) {
    say(`not saved: ${error.message}`);
  }
}

const actions = {
  down: () => move(place() + 1),
  up: () => move(place() - 1),
  search: () => byId("search").focus(),
  help: () => byId("help").showModal(),
  copy: async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      say("link copied");
    } catch {
      say(location.href);
    }
  },
  undo: async () => {
    try {
      const said = await post("/undo", {});
      if (said.number === null) say("nothing to undo");
      else {
        show(String(said.number), said.verdict);
        say("undone");
      }
    } catch (error) {
      say(`not undone: ${error.message}`);
    }
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) actions[button.dataset.do]();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form.filters")) {
    // a link without empty fields is one that a person can read
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
    return;
  }
  if (!form.matches("form.verdicts")) return;
  event.preventDefault();
  judge(form.querySelector("[name=number]").value, event.submitter.value);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (byId("help").open) return;
  let target = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
  if (!target) {
    const current = cuts.length ? byId("judge") : articles()[Math.max(0, place())];
    if (event.key === "o") target = current?.querySelector("[data-open]");
    else target = [...(current?.querySelectorAll("[data-judge]") ?? [])].find((one) => one.dataset.judge === event.key);
  }
  if (!target) return;
  event.preventDefault();
  target.click();
});

const at = new URL(location.href).searchParams.get("at");
const known = (cuts.length ? cuts : articles()).findIndex((one) => at !== null && (one.dataset.start ?? one.dataset.number) === at);
if (known >= 0) move(known);
else if (cuts.length) move(0, false);
else if (articles().length) {
  articles()[0].classList.add("current");
  context(articles()[0]);
}
