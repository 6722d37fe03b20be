// Completes field names in the filter: arrows choose, tab or enter takes, esc closes.
const maxShown = 12;

export function startCompletion() {
  const input = document.getElementById("q");
  if (!input || !input.closest("form.filter")) {
    return;
  }

  let names = null;
  let chosen = -1;
  const list = document.createElement("ul");
  list.className = "complete";
  list.id = "q-names";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Fields");
  list.hidden = true;
  input.after(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  function word() {
    const before = input.value.slice(0, input.selectionStart ?? 0);
    return /(?:^|[\s(])([a-z][a-z0-9_.]*)$/i.exec(before)?.[1] ?? "";
  }

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    chosen = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    if (index >= 0) {
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function take(name) {
    const end = input.selectionStart;
    const start = end - word().length;
    input.setRangeText(`${name}: `, start, end, "end");
    close();
  }

  async function offer() {
    const typed = word().toLowerCase();
    names ??= await fetch("/fields.json").then((answer) => (answer.ok ? answer.json() : []), () => []);
    const fits = typed.length === 0 ? [] : [...names.filter((name) => name.startsWith(typed)), ...names.filter((name) => !name.startsWith(typed) && name.includes(typed))].slice(0, maxShown);
    if (fits.length === 0 || fits[0] === typed) {
      close();
      return;
    }

    list.replaceChildren(...fits.map((name, i) => {
      const item = document.createElement("li");
      item.id = `q-name-${i}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.textContent = name;
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(name); });
      return item;
    }));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    choose(-1);
  }

  input.addEventListener("input", offer);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (list.hidden) {
      return;
    }

    const count = list.children.length;
    switch (event.key) {
      case "ArrowDown": event.preventDefault(); choose((chosen + 1) % count); break;
      case "ArrowUp": event.preventDefault(); choose((chosen + count - 1) % count); break;
      case "Tab": if (!event.shiftKey) { event.preventDefault(); take(list.children[Math.max(0, chosen)].textContent); } break;
      case "Enter": if (chosen >= 0) { event.preventDefault(); take(list.children[chosen].textContent); } break;
      case "Escape": event.preventDefault(); event.stopPropagation(); close(); break;
    }
  });
}
