// Shows what the server says, and asks it to pause, resume and drain. All texts go into the page as texts.
"use strict";

const INTERVAL_MS = 2000;
const byId = (id) => document.getElementById(id);

let token = "";         // is kept here only, and goes with the page
let asks = true;        // false: the server wants a token first
let wasDraining = false;
let pageToken = "";     // of the page of jobs that is shown; empty: the newest
let nextPageToken = "";
let turn = 0;           // of the last refresh that was begun; an older one shows nothing any more
let refusal = "";       // why the last change was not made
const cards = new Map();     // by job: {element, picture, text}
const previews = new Map();  // by job: {seen, url}, where `seen` is the entry of the log up to which it was looked for

class Refused extends Error {
  constructor(answer, error) {
    super(error.retry_s === undefined ? error.message : `${error.message} (in ${duration(error.retry_s)})`);
    this.status = answer.status;
    this.endsAsking = [401, 403, 429].includes(answer.status);
    this.wantsToken = this.endsAsking && (answer.status !== 403 || token !== "");  // else no token would help
    if (error.reason === "CREDENTIALS_MISSING") {
      this.message = "This server asks for a token: sign in with one of the role admin.";
    }
  }
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Says a duration as DurationText does (core/base/duration_text.h): rounded up, in two units at most.
function duration(seconds) {
  const exact = Math.round(Math.max(seconds, 0) * 1000) / 1000;
  if (exact <= 9.9) return `${Math.ceil(Math.round(exact * 1000) / 100) / 10} s`;
  if (exact <= 59) return `${Math.ceil(exact)} s`;
  if (exact <= 3599) return twoUnits(exact, 60, "min", 1, "s");
  if (exact <= 86340) return twoUnits(exact, 3600, "h", 60, "min");
  return twoUnits(exact, 86400, "d", 3600, "h");
}

function twoUnits(seconds, unit, name, smaller, smallerName) {
  const whole = Math.ceil(seconds / smaller) * smaller;
  const rest = (whole % unit) / smaller;
  return `${Math.floor(whole / unit)} ${name}` + (rest === 0 ? "" : ` ${rest} ${smallerName}`);
}

function count(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

async function ask(path, method = "GET") {
  const headers = {};
  if (token) headers["Authorization"] = `Bearer ${token}`;
  if (method === "POST") headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {method, headers, body: method === "POST" ? "{}" : undefined});
  if (!answer.ok) throw new Refused(answer, await answer.json());
  return answer;
}

function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;  // what is spoken is not spoken again
}

function tell(message) {
  setText(byId("trouble"), message);
  byId("trouble").hidden = !message;
}

function signOut(wantsToken) {
  asks = false;
  token = "";
  byId("credentials").hidden = !wantsToken;
  for (const id of ["pause", "resume", "drain"]) byId(id).disabled = true;
}

function explain(error) {
  if (error instanceof Refused) {
    if (error.endsAsking) signOut(error.wantsToken);
    tell(error.message);
  } else if (wasDraining) {
    tell("The server has ended, or no longer answers.");
  } else {
    tell("The server does not answer. What is shown is what it said last.");
  }
}

function showQueue(queue, uptime) {
  const numbers = [["up for", duration(uptime)]];
  if (queue !== undefined) {
    numbers.unshift(["waiting", `${queue.waiting} of ${queue.capacity}`], ["being made", `${queue.running}`],
                    ["predicted work", duration(queue.predicted_s)], ["queue", queue.paused ? "paused" : "runs"]);
  }
  byId("queue").replaceChildren(...numbers.map(([name, value]) => {
    const pair = element("div");
    pair.append(element("dt", name), element("dd", value));
    return pair;
  }));
  byId("pause").disabled = queue === undefined || queue.paused;
  byId("resume").disabled = queue === undefined || !queue.paused;
}

function memoryOf(worker) {
  const available = worker.available_mib === undefined ? "all there is" : `${worker.available_mib} MiB`;
  return worker.budget_mib === undefined ? available : `${available} of a budget of ${worker.budget_mib} MiB`;
}

function showDevices(workers) {
  byId("devices").replaceChildren(...workers.map((worker) => {
    const row = element("tr");
    row.append(element("td", worker.device), element("td", worker.name),
               element("td", worker.job === undefined ? "nothing" : `videos/${worker.job}`),
               element("td", memoryOf(worker), "number"));
    return row;
  }));
  byId("no-devices").hidden = workers.length > 0;
}

function showStatus(status) {
  setText(byId("server"), `${status.state} · ${status.model} · version ${status.build}`);
  const troubles = refusal ? [`${refusal}.`] : [];
  if (status.job_store) troubles.push(`The store of jobs is away: ${status.job_store}.`);
  if (status.artifact_store) troubles.push(`The store of files is away: ${status.artifact_store}.`);
  if (status.state === "failed") troubles.push("A device broke, and the process ends.");
  tell(troubles.join(" "));
  wasDraining = status.state === "draining";
  showQueue(status.queue, status.uptime_s);
  byId("drain").disabled = status.state !== "serving";
  showDevices(status.workers);
}

function whereIn(job) {
  const progress = job.progress;
  if (job.state !== "running" || progress === undefined) return job.state;
  return `${progress.phase}, ${progress.done} of ${progress.total}`;
}

function card(job) {
  const box = element("article");
  const what = element("div", undefined, "what");
  what.append(element("h3", `videos/${job.id}`),
              element("p", `${whereIn(job)} · ${job.width}×${job.height}, ${count(job.frames, "frame")}, ${count(job.steps, "step")} · ` +
                           `tenant ${job.tenant} · priority ${job.priority}`));
  if (job.state === "running" && job.progress !== undefined) {
    const bar = element("progress");
    bar.max = job.progress.total;
    bar.value = job.progress.done;
    bar.setAttribute("aria-label", `${job.progress.phase} of videos/${job.id}`);
    what.append(bar);
  }
  const made = new Date(job.create_time_s * 1000).toLocaleString();
  const labels = Object.entries(job.labels).map(([key, value]) => ` · ${key}=${value}`).join("");
  what.append(element("p", `Plan: ${job.mode}, ${job.predicted_mib} MiB and ${duration(job.predicted_s)} predicted: ` +
                           job.plan_reason, "faint"),
              element("p", `Came ${made}${labels}`, "faint"));
  if (job.error) what.append(element("p", job.error, "error"));
  const picture = element("img");
  picture.alt = `What videos/${job.id} showed last`;
  picture.hidden = true;
  box.append(what, picture);
  return {element: box, picture};
}

function showPreview(id) {
  const shown = cards.get(id);
  const preview = previews.get(id);
  if (shown === undefined || !preview?.url || shown.picture.src === preview.url) return;
  shown.picture.src = preview.url;
  shown.picture.hidden = false;
}

// Cards that say what they said before stay, so that nobody loses a selection.
function showJobs(jobs) {
  const ids = new Set(jobs.map((job) => job.id));
  for (const id of cards.keys()) {
    if (!ids.has(id)) cards.delete(id);
  }
  for (const job of jobs) {
    const text = JSON.stringify({...job, last_seq: 0});
    if (cards.get(job.id)?.text !== text) cards.set(job.id, {...card(job), text});
    showPreview(job.id);
  }
  const wanted = jobs.map((job) => cards.get(job.id).element);
  const there = [...byId("jobs").children];
  if (wanted.length !== there.length || wanted.some((made, i) => made !== there[i])) {
    byId("jobs").replaceChildren(...wanted);
  }
  byId("no-jobs").hidden = jobs.length > 0;
  byId("newest").hidden = !pageToken;
  byId("older").hidden = !nextPageToken;
}

function forgetPreviews(jobs) {
  const ids = new Set(jobs.map((job) => job.id));
  for (const [id, preview] of previews) {
    if (ids.has(id)) continue;
    if (preview.url) URL.revokeObjectURL(preview.url);
    previews.delete(id);
  }
}

// Asks only where something has happened since, and gets a picture only where there is a new one.
async function fetchPreview(job) {
  const last = previews.get(job.id) ?? {seen: 0, url: ""};
  if (!job.has_previews || last.seen === job.last_seq) return;
  const answer = await ask(`api/jobs/${encodeURIComponent(job.id)}/preview?after=${last.seen}`);
  let url = last.url;
  if (answer.status === 200) {
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(await answer.blob());
  }
  previews.set(job.id, {seen: job.last_seq, url});
  showPreview(job.id);
}

async function showPage(mine) {
  const status = await (await ask("api/status")).json();
  if (mine !== turn) return;
  byId("credentials").hidden = true;
  showStatus(status);
  if (status.job_store) return;
  const query = new URLSearchParams({states: byId("states").value, page_token: pageToken});
  const page = await (await ask(`api/jobs?${query}`)).json();
  if (mine !== turn) return;
  nextPageToken = page.next_page_token;
  showJobs(page.jobs);
  forgetPreviews(page.jobs);
  for (const job of page.jobs) {
    if (mine === turn) await fetchPreview(job);
  }
}

async function refresh() {
  turn += 1;
  const mine = turn;
  try {
    await showPage(mine);
  } catch (error) {
    const isGone = error instanceof Refused && error.status === 404;  // a job that was deleted meanwhile
    if (mine === turn && !isGone) explain(error);
  }
}

async function change(path) {
  refusal = "";
  try {
    await ask(path, "POST");
  } catch (error) {
    explain(error);
    if (error instanceof Refused && !error.endsAsking) refusal = error.message;
    return;
  }
  await refresh();
}

function turnTo(page) {
  pageToken = page;
  refresh();
}

byId("pause").addEventListener("click", () => change("api/pause"));
byId("resume").addEventListener("click", () => change("api/resume"));
byId("drain").addEventListener("click", () => byId("ask").showModal());
byId("ask-no").addEventListener("click", () => byId("ask").close());
byId("ask-yes").addEventListener("click", () => {
  byId("ask").close();
  change("api/drain");
});
byId("states").addEventListener("change", () => turnTo(""));
byId("newest").addEventListener("click", () => turnTo(""));
byId("older").addEventListener("click", () => turnTo(nextPageToken));
byId("credentials").addEventListener("submit", (event) => {
  event.preventDefault();
  token = byId("token").value.trim();
  byId("token").value = "";
  asks = true;
  refresh();
});

document.addEventListener("visibilitychange", () => {
  if (asks && !document.hidden) refresh();
});

async function run() {
  if (asks && !document.hidden) await refresh();
  setTimeout(run, INTERVAL_MS);
}
run();
