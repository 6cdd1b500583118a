"use strict";
// Sorting, filtering and the first rows only, over the rows that are in the page already. Without this script the page shows
// every row, sorted by what is at risk, and switches its language all the same.
(() => {
  const ROWS_FIRST = 200;
  const zh = document.getElementById("language-zh");
  const en = document.getElementById("language-en");
  const speak = () => { document.documentElement.lang = zh.checked ? "zh-CN" : "en"; say(); };
  for (const choice of [en, zh]) choice.addEventListener("change", speak);
  if ((navigator.language || "").toLowerCase().startsWith("zh")) zh.checked = true;

  const board = document.getElementById("board");
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  let rows = [], matching = 0, limit = ROWS_FIRST;

  function say() {
    if (!shown) return;
    const count = Math.min(matching, limit);
    shown.textContent = zh.checked ? `显示 ${count} 行，共 ${matching} 行` : `${count} of ${matching} rows`;
    document.getElementById("more").hidden = matching <= limit;
  }

  if (board && form) {
    const [first, rest] = board.tBodies;
    // Rows that are not shown are in no document: sorting and turning the language do not touch them.
    rows = Array.from([...first.rows, ...rest.rows], (row) => ({
      row,
      risk: Number(row.dataset.risk),
      at: Number(row.dataset.at),
      clause: row.dataset.clause,
      carrier: row.cells[7].textContent,
      seller: row.cells[8].textContent,
      urgent: row.classList.contains("urgent"),
    }));
    rest.remove();

    const names = (row) => {
      const spans = row.cells[7].querySelectorAll("span");
      return spans.length ? `${spans[0].textContent} ${spans[1].textContent}` : row.cells[7].textContent;
    };
    const offer = (name, label) => {
      const select = form.elements[name];
      select.add(new Option("全部 / all", ""));
      const values = new Map(rows.map((entry) => [entry[name], label ? label(entry.row) : entry[name]]));
      for (const [value, text] of [...values].filter(([value]) => value).sort((a, b) => (a[1] < b[1] ? -1 : 1))) select.add(new Option(text, value));
    };
    offer("seller");
    offer("clause");
    offer("carrier", names);

    const show = () => {
      const wanted = { seller: form.elements.seller.value, clause: form.elements.clause.value, carrier: form.elements.carrier.value };
      const urgent = form.elements.urgent.checked;
      const fits = (entry) => (!urgent || entry.urgent) && Object.entries(wanted).every(([name, value]) => !value || entry[name] === value);
      const fitting = rows.filter(fits);
      matching = fitting.length;
      first.replaceChildren(...fitting.slice(0, limit).map((entry) => entry.row));
      say();
    };

    const headers = Array.from(board.tHead.rows[0].cells).filter((cell) => cell.dataset.by);
    const sort = (header) => {
      const index = header.cellIndex, by = header.dataset.by;
      const first = by === "risk" ? "descending" : "ascending";
      const now = header.getAttribute("aria-sort");
      const order = now ? (now === "ascending" ? "descending" : "ascending") : first;
      for (const other of headers) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", order);
      const key = by === "text" ? (entry) => entry.row.cells[index].textContent : (entry) => entry[by];
      for (const entry of rows) entry.key = key(entry);
      const sign = order === "ascending" ? 1 : -1;
      rows.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : b.risk - a.risk || a.at - b.at));
      show();
    };
    for (const header of headers) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(header));
      header.append(button);
    }
    form.addEventListener("input", show);
    form.addEventListener("submit", (event) => event.preventDefault());
    document.getElementById("more").addEventListener("click", () => { limit = Infinity; show(); });
    // On paper stands what was asked for, all of it.
    addEventListener("beforeprint", () => { limit = Infinity; show(); });
    form.hidden = false;
    show();
  }
  speak();
})();
