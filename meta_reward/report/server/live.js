/* Keeps a served page up to date: asks every few seconds where the run stands, and where its record has changed, takes
   the new sections of the first page; what was sorted, filtered or unfolded in them stays so. */
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const page = document.getElementById("page");
  const says = document.createElement("p");
  says.className = "live";
  says.setAttribute("role", "status");
  page.before(says);
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");
  const nameOf = (part) => part.id || part.tagName;
  const partsOf = (root) => [...root.querySelectorAll("header.top, main > section")];
  const shown = new Map();
  let version = data.version;

  const sortOf = (head, made) => {
    const table = made.querySelector(`#${head.closest("table").id || "none"}`);
    return table && table.tHead.rows[0].cells[head.cellIndex].querySelector("button");
  };
  const filterOf = (input, made) => made.querySelector(`input[data-filters="${input.dataset.filters}"]`);
  /* What was sorted, filtered and unfolded stays so. */
  const keep = (old, made) => {
    for (const input of old.querySelectorAll("input[data-filters]")) {
      const same = filterOf(input, made);
      if (same && input.value) {
        same.value = input.value;
        same.dispatchEvent(new Event("input"));
      }
    }
    for (const head of old.querySelectorAll("table[id] th[aria-sort]")) {
      const button = sortOf(head, made);
      if (button) for (let k = head.getAttribute("aria-sort") === "ascending" ? 1 : 2; k > 0; k--) button.click();
    }
    const unfolded = new Set([...old.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
    for (const one of made.querySelectorAll("details > summary")) if (unfolded.has(one.textContent)) one.parentNode.open = true;
  };
  /* The same thing in the new section as the one that has the focus; null where there is none to be found. */
  const again = (focused, made) => {
    if (focused.matches("input[data-filters]")) return filterOf(focused, made);
    if (focused.matches("button.sort")) return sortOf(focused.closest("th"), made);
    return focused.matches("a[href]") ? made.querySelector(`a[href="${CSS.escape(focused.getAttribute("href"))}"]`) : null;
  };

  const take = (html) => {
    const main = page.querySelector("main");
    const old = new Map(partsOf(page).map((part) => [nameOf(part), part]));
    let whole = true;
    let last = null;
    for (const made of partsOf(parse(html))) {
      const name = nameOf(made);
      const before = old.get(name);
      const text = made.outerHTML;
      const focused = before && before.contains(document.activeElement) ? document.activeElement : null;
      if (before && (shown.get(name) === text || (focused && !focused.matches("input[data-filters], button.sort, a")))) {
        whole = whole && shown.get(name) === text;
        last = before;
        continue;
      }
      shown.set(name, text);
      if (before) before.replaceWith(made);
      else if (last && last.parentNode === main) last.after(made);
      else main.prepend(made);
      made.dispatchEvent(new Event("new-part", { bubbles: true }));
      if (before) keep(before, made);
      const next = focused && again(focused, made);
      if (next) next.focus({ preventScroll: true });
      last = made;
    }
    return whole;
  };

  const look = async () => {
    let wait = 10000;
    try {
      const now = await (await fetch("/live.json")).json();
      says.textContent = now.line;
      if (data.whole && now.version !== version) {
        const answer = await fetch(`/overview.json?have=${version}`);
        const found = answer.status === 200 && (await answer.json());
        if (found && take(found.html)) version = found.version;
      }
      if (now.running || now.version !== version) wait = 2000;
    } catch {
      says.textContent = "The server does not answer: start meta-reward view again.";
    }
    setTimeout(look, wait);
  };
  look();
})();
