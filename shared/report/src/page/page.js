"use strict";
// Sorting, filtering and the first rows only, over the rows that are in the page already. Without this script the page
// shows every row, those who need attention first, and switches its language all the same.
(() => {
  const ROWS_FIRST = 200;
  const zh = document.getElementById("language-zh");
  const en = document.getElementById("language-en");
  const table = document.getElementById("sellers");
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const more = document.getElementById("more");
  const body = table.tBodies[0];
  let entries = Array.from(body.rows, (row, place) => ({ row, place, seller: row.cells[0].textContent.toLowerCase() }));
  let matching = entries.length;
  let limit = ROWS_FIRST;

  const say = () => {
    const count = Math.min(matching, limit);
    shown.textContent = zh.checked ? `显示 ${count} 行，共 ${matching} 行` : `${count} of ${matching} rows`;
    more.hidden = matching <= limit;
  };
  const speak = () => {
    document.documentElement.lang = zh.checked ? "zh-CN" : "en";
    say();
  };
  for (const choice of [en, zh]) choice.addEventListener("change", speak);
  if ((navigator.language || "").toLowerCase().startsWith("zh")) zh.checked = true;

  const show = () => {
    const seller = form.elements.seller.value.trim().toLowerCase();
    const standing = form.elements.standing.value;
    matching = 0;
    for (const entry of entries) {
      const fits = (!seller || entry.seller.includes(seller)) && (!standing || entry.row.classList.contains(standing));
      if (fits) matching += 1;
      const hidden = !fits || matching > limit;
      if (entry.row.hidden !== hidden) entry.row.hidden = hidden;
    }
    say();
  };

  // What a row is sorted by in a column; nothing stands last, whichever way.
  const keyOf = (row, column, by) => {
    if (by === "standing") return Number(row.dataset.standing);
    if (by === "text") return row.cells[column].textContent;
    const value = row.cells[column].dataset.value;
    return value === undefined ? null : Number(value);
  };
  const sort = (header, column) => {
    const by = header.dataset.by;
    const ascending = header.getAttribute("aria-sort") === "descending" || (!header.hasAttribute("aria-sort") && by !== "number");
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const keyed = entries.map((entry) => [keyOf(entry.row, column, by), entry]);
    keyed.sort(([a, one], [b, other]) => {
      if (a === b) return one.place - other.place;
      if (a === null || b === null) return a === null ? 1 : -1;
      return (a < b ? -1 : 1) * (ascending ? 1 : -1);
    });
    entries = keyed.map(([, entry]) => entry);
    body.append(...entries.map((entry) => entry.row));
    show();
  };
  Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
    if (!header.dataset.by) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sort(header, column));
  });

  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => {
    limit = Infinity;
    show();
  });
  form.hidden = false;
  speak();
  show();
})();
