"use strict";
// Laid out once by the server; from here on only classes, texts and places change.

const EVERY_MS = 250;
const PATIENCE = 3; // requests that may fail before the run counts as gone
const byId = (id) => document.getElementById(id);
const chart = document.body.dataset.chart;
const states = new Map([...document.querySelectorAll("#board .state")].map((g) => [g.id.slice(chart.length + 1), g]));
const rows = [...document.querySelectorAll("#journal tbody tr")];
let sample = null;
let passedBefore = {};
let failures = 0;

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function chosen() {
  return document.querySelector("input[name=series]:checked").value;
}

function showHead() {
  setText(byId("time"), sample.time);
  byId("share").value = sample.share;
  setText(byId("percent"), `${(100 * sample.share).toFixed(0)} %`);
  setText(byId("steps"), `${sample.steps.toLocaleString("en")} steps`);
  setText(byId("status"), sample.over || "running");
  byId("status").classList.toggle("over", sample.over !== "");
}

function showBoard(series) {
  setText(byId("market"), series.market);
  setText(byId("state"), series.state);
  for (const [path, group] of states) {
    const lit = series.state === path || series.state.startsWith(`${path}.`);
    group.classList.toggle("lit", lit);
    group.classList.toggle("passed", !lit && path in series.passed && series.passed[path] !== passedBefore[path]);
    const count = group.querySelector(".count");
    if (count === null) continue;
    const here = series.here[path] || 0;
    count.classList.toggle("some", here > 0);
    setText(count.querySelector("text"), here ? String(here) : "");
  }
  passedBefore = series.passed;
}

function showTicks(kind, attribute, ticks) {
  document.querySelectorAll(`#plot .${kind}.tick`).forEach((group, number) => {
    const tick = ticks[number];
    group.classList.toggle("some", tick !== undefined);
    if (tick === undefined) return;
    const [line, text] = group.children;
    line.setAttribute(`${attribute}1`, tick[0]);
    line.setAttribute(`${attribute}2`, tick[0]);
    text.setAttribute(attribute, tick[0]);
    setText(text, tick[1]);
  });
}

function showClearing(clearing) {
  setText(byId("cleared"), clearing ? clearing.market : "");
  setText(byId("kind"), clearing ? clearing.kind : "none yet");
  const drawn = clearing && clearing.demand;
  byId("plot").classList.toggle("empty", !drawn);
  if (!drawn) return;
  byId("demand").setAttribute("d", clearing.demand);
  byId("supply").setAttribute("d", clearing.supply);
  const limit = clearing.limit;
  byId("limit").style.visibility = limit === null ? "hidden" : "visible";
  byId("limit-name").style.visibility = limit === null ? "hidden" : "visible";
  if (limit !== null) {
    byId("limit").setAttribute("x1", limit);
    byId("limit").setAttribute("x2", limit);
    byId("limit-name").setAttribute("x", limit - 5);
  }
  byId("point").style.visibility = "visible";
  byId("point").setAttribute("cx", clearing.point[0]);
  byId("point").setAttribute("cy", clearing.point[1]);
  showTicks("x", "x", clearing.x_ticks);
  showTicks("y", "y", clearing.y_ticks);
  setText(byId("x-title"), clearing.x_title);
  setText(byId("y-title"), clearing.y_title);
  setText(byId("told"), clearing.told);
}

function showJournal(market) {
  rows.forEach((row, number) => {
    const line = sample.journal[number];
    if (line === undefined) return;
    const [time, machine, event, state, note, kind] = line;
    row.className = kind;
    row.classList.toggle("mine", machine === market);
    row.title = note;
    const texts = [time, machine, event, note ? `${state}  ${note}` : state];
    texts.forEach((text, column) => setText(row.children[column], text));
  });
}

function show() {
  if (sample === null) return;
  const series = sample.series[chosen()];
  showHead();
  showBoard(series);
  showClearing(series.clearing);
  showJournal(series.market);
}

async function poll() {
  try {
    const answer = await fetch("state.json");
    if (!answer.ok) throw new Error(answer.statusText);
    sample = await answer.json();
    failures = 0;
    show();
  } catch (error) {
    failures += 1;
  }
  if (failures >= PATIENCE) {
    setText(byId("status"), "the run has ended");
    byId("status").className = "lost";
  } else if (!(sample && sample.over)) {
    setTimeout(poll, EVERY_MS);
  }
}

byId("series").addEventListener("change", () => {
  passedBefore = sample ? sample.series[chosen()].passed : {};
  show();
});
poll();
