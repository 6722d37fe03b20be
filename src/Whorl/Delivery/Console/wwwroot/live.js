// The live list: rows come as rendered HTML from this server; paused, they wait.
const maxRows = 500;

export function startLive() {
  const box = document.getElementById("live");
  const rows = document.getElementById("rows");
  if (!box || !rows || !window.EventSource) {
    return;
  }

  const state = box.querySelector(".state");
  const button = box.querySelector("[data-pause]");
  const gap = document.getElementById("gap");
  let paused = false;
  let waiting = [];
  let waitingCount = 0;
  let skipped = 0;
  let dropped = 0;

  function say(name, text) {
    box.dataset.state = name;
    if (state.textContent !== text) {
      state.textContent = text;
    }
  }

  function tell() {
    if (paused) {
      say("paused", waitingCount > 0 ? `paused, ${waitingCount}${dropped > 0 ? "+" : ""} new` : "paused");
    } else {
      say("live", "live");
    }

    button.textContent = paused ? "Go on" : "Pause";
    button.setAttribute("aria-pressed", String(paused));
  }

  function add(fragments) {
    document.getElementById("empty")?.remove();
    for (const html of fragments) {
      const template = document.createElement("template");
      template.innerHTML = html;
      for (const row of [...template.content.children].reverse()) {
        if (rows.querySelector(`tr[data-id="${row.dataset.id}"]`)) {
          row.remove();
          continue;
        }

        row.classList.add("fresh");
        rows.prepend(row);
        window.htmx?.process(row);
      }
    }

    while (rows.children.length > maxRows) {
      rows.lastElementChild.remove();
    }
  }

  function pause(next) {
    paused = next;
    if (!paused) {
      add(waiting);
      waiting = [];
      waitingCount = 0;
      dropped = 0;
    }

    tell();
  }

  const source = new EventSource(box.dataset.stream);
  source.addEventListener("hello", tell);
  source.addEventListener("rows", (event) => {
    if (!paused) {
      add([event.data]);
      return;
    }

    waiting.push(event.data);
    waitingCount += event.data.split("<tr ").length - 1;
    if (waiting.length > 20) {
      waiting.shift();
      dropped++;
    }

    tell();
  });
  source.addEventListener("skipped", (event) => {
    skipped += Number(event.data);
    gap.hidden = false;
    gap.textContent = `Limit reached: ${skipped.toLocaleString("en")} requests went by unshown, because more came than a list can show. They are in the journal: narrow the filter, or reload.`;
  });
  source.addEventListener("error", () => say("lost", source.readyState === EventSource.CLOSED ? "not live; reload" : "reconnecting"));
  button.addEventListener("click", () => pause(!paused));
  document.addEventListener("whorl:pause", () => pause(!paused));
  window.addEventListener("pagehide", () => source.close());
  box.hidden = false;
}
