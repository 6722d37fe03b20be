// The overview's chart and tiles; without script the server's own drawing stays.
const span = 900;

const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, seconds % 60 === 0 ? 16 : 19);

export function startChart() {
  const tiles = document.getElementById("tiles");
  const box = document.getElementById("chart");
  if (!tiles || !box || !window.EventSource) {
    return;
  }

  const points = JSON.parse(box.dataset.points ?? "[]");
  const data = [points.map((p) => p.time), points.map((p) => p.requests), points.map((p) => p.stopped)];
  let plot = null;

  function draw() {
    if (!window.uPlot) {
      return;
    }

    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--dim"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `11px ${style.getPropertyValue("--sans")}` };
    plot?.destroy();
    box.replaceChildren();
    plot = new window.uPlot({
      width: Math.max(240, box.clientWidth),
      height: 190,
      tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: { y: false },
      select: { show: true },
      scales: { y: { range: (_, min, max) => [0, Math.max(5, Math.ceil(max * 1.1))] } },
      axes: [{ ...axis, size: 28, values: (_, splits) => splits.map(clock) }, { ...axis, size: 48 }],
      series: [
        { label: "UTC", value: (_, seconds) => (seconds == null ? "–" : new Date(seconds * 1000).toISOString().slice(11, 19)) },
        { label: "requests", stroke: colour("--accent"), fill: `${colour("--accent")}33`, width: 1.5, points: { show: false } },
        { label: "stopped", stroke: colour("--bad"), fill: `${colour("--bad")}33`, width: 1.5, dash: [4, 3], points: { show: false } },
      ],
      hooks: {
        // A brushed span opens the rows behind it.
        setSelect: [(u) => {
          if (u.select.width > 4) {
            const from = Math.floor(u.posToVal(u.select.left, "x"));
            const to = Math.ceil(u.posToVal(u.select.left + u.select.width, "x"));
            location.assign(`/requests?from=${from}&to=${to}`);
          }
        }],
      },
    }, data, box);
  }

  function push(point) {
    const last = data[0].at(-1) ?? 0;
    if (point.time <= last) {
      return;
    }

    // Seconds missed while the stream was away were not seen; a gap says so.
    for (let time = last + 1; time < point.time && point.time - last < span; time++) {
      data[0].push(time); data[1].push(null); data[2].push(null);
    }

    data[0].push(point.time); data[1].push(point.requests); data[2].push(point.stopped);
    while (data[0].length > span) {
      data.forEach((series) => series.shift());
    }

    plot?.setData(data);
  }

  draw();
  window.addEventListener("load", draw, { once: true });
  new ResizeObserver(() => plot?.setSize({ width: Math.max(240, box.clientWidth), height: 190 })).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  const source = new EventSource(tiles.dataset.stream);
  source.addEventListener("pulse", (event) => {
    const pulse = JSON.parse(event.data);
    push(pulse.point);
    for (const tile of tiles.querySelectorAll("[data-pulse]")) {
      const text = pulse[tile.dataset.pulse];
      if (typeof text === "string" && tile.textContent !== text) {
        tile.textContent = text;
      }
    }
  });
  window.addEventListener("pagehide", () => source.close());

  // The tables follow more slowly: numbers that jump every second cannot be read.
  setInterval(() => {
    if (!document.hidden) {
      window.htmx?.trigger("#tables", "whorl:refresh");
    }
  }, 5000);
}
