/* The script of every page: opens parts that the file holds, sorts and filters tables, compares programs, reads the map.
   Texts come from strangers: they are only ever put into the page as text. The one exception is a part of the page,
   which our templates have escaped. */
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const page = document.getElementById("page");
  const part = document.getElementById("part");
  const texts = new Map(Object.entries(data.texts || {}));

  const element = (name, kind, words) => {
    const made = document.createElement(name);
    if (kind) made.className = kind;
    if (words !== undefined) made.textContent = words;
    return made;
  };

  const linesOf = (name) => {
    const runs = texts.get(name);
    const found = [];
    for (let at = 0; at < runs.length; at += 2) found.push(...data.lines.slice(runs[at], runs[at] + runs[at + 1]));
    return found;
  };

  /* Parts of the file: #c0007 opens a candidate, #pair-t001-p1 a pair, anything else is a place on the first page. */
  let left = 0;
  const title = document.title;
  const open = () => {
    const name = location.hash.slice(1);
    const known = texts.has(name) && !name.startsWith("source-");
    if (known) {
      if (!page.hidden) left = window.scrollY;
      part.innerHTML = linesOf(name).join("\n");
      ready(part);
    }
    const back = page.hidden && !known;
    page.hidden = known;
    part.hidden = !known;
    if (known) {
      const heading = part.querySelector("h1");
      document.title = heading.textContent + " - " + title;
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    } else if (back) {
      part.replaceChildren();
      document.title = title;
      const place = name && document.getElementById(name);
      if (place) place.scrollIntoView();
      else window.scrollTo(0, left);
    }
  };

  /* Tables: a button in each heading sorts by its column. */
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    const value = cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v;
    return value !== "" && !Number.isNaN(Number(value)) ? Number(value) : value;
  };
  const compare = (a, b) =>
    typeof a === typeof b ? (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true })) : typeof a === "number" ? -1 : 1;
  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = element("button", "sort", head.textContent);
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows].map((row) => [valueOf(row, column), row]);
        rows.sort((a, b) => (down ? compare(b[0], a[0]) : compare(a[0], b[0])));
        table.tBodies[0].append(...rows.map((pair) => pair[1]));
      });
    });
  };
  const filters = (input) => {
    const table = document.getElementById(input.dataset.filters);
    const says = document.querySelector(`[data-count="${input.dataset.filters}"]`);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const rows = [...table.tBodies[0].rows];
      for (const row of rows) {
        const words_of = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => words_of.includes(word));
      }
      says.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
    });
  };

  /* Programs side by side: the longest common subsequence of their lines, without what both begin and end with. */
  const steps = (a, b) => {
    let head = 0;
    while (head < a.length && head < b.length && a[head] === b[head]) head++;
    let tail = 0;
    while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
    const x = a.slice(head, a.length - tail);
    const y = b.slice(head, b.length - tail);
    const width = y.length + 1;
    const best = new Uint32Array((x.length + 1) * width);
    for (let i = x.length - 1; i >= 0; i--)
      for (let j = y.length - 1; j >= 0; j--)
        best[i * width + j] =
          x[i] === y[j] ? best[(i + 1) * width + j + 1] + 1 : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
    const found = [];
    for (let k = 0; k < head; k++) found.push([k, k]);
    let i = 0;
    let j = 0;
    while (i < x.length || j < y.length) {
      if (i < x.length && j < y.length && x[i] === y[j]) found.push([head + i++, head + j++]);
      else if (j >= y.length || (i < x.length && best[(i + 1) * width + j] >= best[i * width + j + 1])) found.push([head + i++, -1]);
      else found.push([-1, head + j++]);
    }
    for (let k = 0; k < tail; k++) found.push([a.length - tail + k, b.length - tail + k]);
    return found;
  };
  /* Lines that go and lines that come stand beside each other, as far as there are as many. */
  const sides = (found) => {
    const rows = [];
    let gone = [];
    let come = [];
    const flush = () => {
      for (let k = 0; k < Math.max(gone.length, come.length); k++) rows.push([gone[k] ?? -1, come[k] ?? -1, true]);
      gone = [];
      come = [];
    };
    for (const [i, j] of found) {
      if (i >= 0 && j >= 0) {
        flush();
        rows.push([i, j, false]);
      } else if (i >= 0) gone.push(i);
      else come.push(j);
    }
    flush();
    return rows;
  };
  const NEAR = 3;
  const whole = (lines) => {
    const shown = element("pre", "program");
    lines.forEach((line) => shown.append(element("span", "line", line + "\n")));
    return shown;
  };
  const cells = (lines, at, sign) => {
    const number = element("td", "at", at < 0 ? "" : String(at + 1));
    const code = element("td", at < 0 ? "code empty" : sign ? `code ${sign === "+" ? "come" : "gone"}` : "code");
    if (at >= 0) {
      code.append(element("span", "sign", sign || " "), element("span", "", lines[at]));
    }
    return [number, code];
  };
  const table = (a, b, names) => {
    const rows = sides(steps(a, b));
    const near = rows.map((_, k) => rows.slice(Math.max(0, k - NEAR), k + NEAR + 1).some((row) => row[2]));
    const made = element("table", "diff");
    made.append(element("caption", "", `${names[0]} on the left, ${names[1]} on the right; - is gone, + is new`));
    const body = element("tbody");
    let skipped = 0;
    const gap = () => {
      if (!skipped) return;
      const row = element("tr", "gap");
      const cell = element("td", "", `${skipped} equal line${skipped > 1 ? "s" : ""}`);
      cell.colSpan = 4;
      row.append(cell);
      body.append(row);
      skipped = 0;
    };
    rows.forEach(([i, j, changed], k) => {
      if (!near[k]) {
        skipped++;
        return;
      }
      gap();
      const row = element("tr", changed ? "changed" : "");
      row.append(...cells(a, i, changed ? "-" : ""), ...cells(b, j, changed ? "+" : ""));
      body.append(row);
    });
    gap();
    made.append(body);
    return [made, rows.filter((row) => row[2] && row[0] >= 0).length, rows.filter((row) => row[2] && row[1] >= 0).length];
  };
  const diff = (select, root) => {
    const shown = root.querySelector("[data-diff-shown]");
    const says = root.querySelector("[data-diff-says]");
    const id = select.dataset.diff;
    const draw = () => {
      const other = select.value;
      if (other && !texts.has(`source-${other}`)) {
        select.form.submit();
        return;
      }
      const own = linesOf(`source-${id}`);
      if (!other) {
        shown.replaceChildren(whole(own));
        says.textContent = `${own.length} lines`;
        return;
      }
      const [made, gone, come] = table(linesOf(`source-${other}`), own, [other, id]);
      shown.replaceChildren(gone + come ? made : element("p", "", "The two programs are equal."));
      says.textContent = `${come} lines new, ${gone} gone`;
    };
    select.addEventListener("change", draw);
    if (texts.has(`source-${id}`)) draw();
  };

  /* The map says which pair and which candidate are pointed at, and opens a pair that is there. */
  const map = (root) => {
    const holder = root.querySelector("#map-data");
    const drawn = root.querySelector("[aria-labelledby='map-t']");
    if (!holder || !drawn) return;
    const known = JSON.parse(holder.textContent);
    const says = root.querySelector("#map-says");
    const words = { w: "won", t: "tied", l: "lost", f: "no reward" };
    const at = (event) => {
      const box = drawn.getBoundingClientRect();
      const scale = drawn.viewBox.baseVal.width / box.width;
      const x = (event.clientX - box.left) * scale - known.beside;
      const column = Math.floor((x / (drawn.viewBox.baseVal.width - known.beside)) * known.pairs.length);
      const row = Math.floor(((event.clientY - box.top) * scale - 2) / known.row);
      return [known.pairs[column], row];
    };
    drawn.addEventListener("pointermove", (event) => {
      const [pair, row] = at(event);
      if (pair && known.candidates[row]) says.textContent = `${known.candidates[row]} on ${pair[0]}: ${words[pair[1][row]]}`;
    });
    drawn.addEventListener("click", (event) => {
      const [pair] = at(event);
      if (pair && pair[2]) location.href = pair[2];
    });
  };

  const ready = (root) => {
    root.querySelectorAll("table.sortable").forEach(sortable);
    root.querySelectorAll("input[data-filters]").forEach(filters);
    root.querySelectorAll("select[data-diff]").forEach((select) => diff(select, root));
    map(root);
  };
  /* The address says which part is open, so the way past the top must not change it. */
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("content").focus();
  });

  ready(page);
  document.addEventListener("new-part", (event) => ready(event.target)); // what another script of ours put in
  window.addEventListener("hashchange", open);
  open();
})();
