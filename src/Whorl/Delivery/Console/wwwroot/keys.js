// Keys as in k9s: / filters, j and k move, enter opens, esc goes back, ? helps.
const places = { o: "/", r: "/requests", c: "/capture", a: "/attackers", e: "/decoys", b: "/prober", s: "/sites", m: "/campaigns", j: "/jobs", d: "/decisions", u: "/rules" };

export function startKeys() {
  let at = null;
  let going = false;
  const help = document.getElementById("help");
  const helpButton = document.querySelector("[data-help]");
  if (helpButton && help) {
    helpButton.hidden = false;
    helpButton.addEventListener("click", () => help.showModal());
  }

  const table = () => document.querySelector("#list table, main table.rows");

  function move(step) {
    const rows = [...(table()?.tBodies[0]?.rows ?? [])];
    if (rows.length === 0) {
      return;
    }

    const from = at && at.isConnected ? rows.indexOf(at) : -1;
    const next = rows[Math.min(rows.length - 1, Math.max(0, from + step))];
    at?.classList.remove("at");
    at = next;
    at.classList.add("at");
    const link = at.querySelector("a.open, a");
    link?.focus({ preventScroll: true });
    at.scrollIntoView({ block: "nearest" });
    // With the pane open the selection shows at once.
    const pane = document.getElementById("pane");
    if (pane && !pane.classList.contains("shut") && link?.classList.contains("open")) {
      link.click();
    }
  }

  // The pane closes in place; the list stays as it is.
  function closePane() {
    const pane = document.getElementById("pane");
    if (!pane || pane.classList.contains("shut")) {
      return false;
    }

    pane.classList.add("shut");
    pane.replaceChildren();
    const url = new URL(location.href);
    url.searchParams.delete("id");
    history.replaceState(null, "", url);
    at?.querySelector("a.open")?.focus();
    return true;
  }

  document.addEventListener("click", (event) => {
    const opened = event.target instanceof Element ? event.target.closest("#rows a.open") : null;
    if (opened) {
      at?.classList.remove("at");
      at = opened.closest("tr");
      at.classList.add("at");
    }

    const close = event.target instanceof Element ? event.target.closest("[data-close]") : null;
    if (close) {
      event.preventDefault();
      closePane();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help?.open) {
      return;
    }

    const field = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (field) {
      if (event.key === "Escape") {
        field.blur();
      }

      return;
    }

    const key = event.key;
    if (going) {
      going = false;
      if (places[key]) {
        event.preventDefault();
        location.assign(places[key]);
        return;
      }
    }

    switch (key) {
      case "/": {
        const filter = document.getElementById("q");
        if (filter) {
          event.preventDefault();
          filter.focus();
          filter.select();
        }

        break;
      }

      case "?": event.preventDefault(); help?.showModal(); break;
      case "j": case "ArrowDown": if (table()) { event.preventDefault(); move(1); } break;
      case "k": case "ArrowUp": if (table()) { event.preventDefault(); move(-1); } break;
      case "p": document.dispatchEvent(new Event("whorl:pause")); break;
      case "g": going = true; break;
      case "Escape":
        if (!closePane() && location.pathname !== "/") {
          history.back();
        }

        break;
    }
  });
}
