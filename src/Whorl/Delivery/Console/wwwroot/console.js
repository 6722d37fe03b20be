// What pages gain from a script; each works without it. Parts live in modules of their own.
import { startChart } from "./chart.js";
import { startCompletion } from "./complete.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";

// Ages count on: the exact time stands in datetime.
function countAges() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-age]")) {
    const at = Date.parse(time.dateTime);
    const seconds = Math.max(0, Math.floor((time.dataset.age === "until" ? at - now : now - at) / 1000));
    const text = seconds < 1 ? "now" : seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${Math.floor(seconds / 60)} min` : seconds < 86400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
    if (time.textContent !== text) {
      time.textContent = text;
    }
  }
}

function offerCopy(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    button.hidden = !navigator.clipboard;
  }
}

document.addEventListener("click", async (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const copy = target?.closest("button[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    copy.textContent = "Copied";
    return;
  }

  // alt + click on a value: everything but it.
  const value = target?.closest("a.v[data-field]");
  if (value && event.altKey) {
    event.preventDefault();
    const url = new URL(value.href);
    const query = url.searchParams.get("q") ?? "";
    const at = query.lastIndexOf(`${value.dataset.field}: `);
    url.searchParams.set("q", `${query.slice(0, at)}not ${query.slice(at)}`);
    location.assign(url);
  }
});

document.addEventListener("htmx:afterSwap", (event) => offerCopy(event.target));
// A session that ended while a page was open: to the sign-in page, not to a dead button.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) {
    location.assign("/sign-in");
  }
});

offerCopy(document);
countAges();
setInterval(countAges, 1000);
startKeys();
startCompletion();
startLive();
startChart();
