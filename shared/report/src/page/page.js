"use strict";
// The sellers' table over the data in the page: rows as they are asked for, in the order and with the filters asked for, and
// what is known of a seller when it is opened. Whatever is shown goes in as text. Without this script the page shows its
// first rows, and switches its language all the same.
(() => {
  performance.mark("waymark-begin");
  const ROWS_MORE = 200;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("sellers-data").textContent);
  const [zh, en, table, form, shown, more, all] =
    ["language-zh", "language-en", "sellers", "filters", "shown", "more", "all"].map(byId);
  const [body] = table.tBodies;
  // Places in a row of the table; figures follow.
  const SELLER = 0, STANDING = 1, WHAT_TO_KNOW = 2;
  const entries = data.sellers.map((seller, place) => ({ place, seller: seller.toLowerCase() }));
  // A text of the data in English and Chinese: the number of its pattern, then what goes into the holes.
  const told = (text) => {
    const [pattern, ...numbers] = text.split(" ");
    return data.patterns[pattern].map((pieces) => pieces.map((piece) => (typeof piece === "number" ? numbers[piece] : piece)).join(""));
  };
  const open = new Set();
  let matching = entries;
  let limit = ROWS_MORE;
  let order = { column: STANDING, ascending: true };

  // Texts and figures, written as the page's first rows are.

  const element = (name, { text, ...attributes } = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    made.append(...children);
    return made;
  };
  const both = ([en, zh]) => {
    const texts = document.createDocumentFragment();
    texts.append(element("span", { lang: "en", text: en }), element("span", { lang: "zh-CN", text: zh }));
    return texts;
  };
  const grouped = (count) => {
    const [, sign, digits] = /^(-?)(\d+)$/.exec(String(count));
    return sign + digits.replace(/\B(?=(\d{3})+$)/g, ",");
  };
  const pad = (figure) => String(figure).padStart(2, "0");
  const hundredths = (figure) => `${Math.trunc(figure / 100)}.${pad(Math.abs(figure % 100))}`;
  const write = {
    money: (cents) => {
      const [units, part] = hundredths(Math.abs(cents)).split(".");
      return `${cents < 0 ? "-" : ""}${grouped(units)}.${part}`;
    },
    rate: (basisPoints) => `${hundredths(basisPoints)} %`,
    count: grouped,
  };
  const SVG = "http:" + "//www.w3.org/2000/svg";
  const drawn = (name, attributes) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const height = (rate) => 14 - Math.trunc((Math.max(rate - 8000, 0) * 12) / 2000);
  const spark = (latestFirst) => {
    const picture = drawn("svg", { class: "spark", "aria-hidden": "true", viewBox: "0 0 40 16" });
    const points = latestFirst.toReversed().flatMap((rate, index) => (rate === null ? [] : [`${3 + index * 17},${height(rate)}`]));
    if (points.length > 1) picture.append(drawn("polyline", { points: points.join(" ") }));
    if (latestFirst[0] !== null) picture.append(drawn("circle", { cx: 37, cy: height(latestFirst[0]), r: 2 }));
    return picture;
  };

  // One seller: its row, and its details below it.

  const rowOf = ({ place }) => {
    const seller = data.sellers[place];
    const [className, ...words] = data.standings[data.standing[place]];
    const cells = data.cells.map((column) => column[place]);
    const isOpen = open.has(place);
    const button = element("button", { type: "button", "aria-expanded": isOpen, text: seller });
    if (isOpen) button.setAttribute("aria-controls", `details-${place}`);
    button.addEventListener("click", () => toggle(place, button));
    const made = element("tr", { class: className }, element("th", { scope: "row" }, button), element("td", {}, both(words)),
      element("td", { class: "why" }, both(told(data.why[place]))));
    cells.forEach((figure, index) => {
      const cell = element("td", { class: "number", text: figure === null ? "–" : write[data.forms[index]](figure) });
      if (index === data.trend) cell.append(spark(cells.slice(index, index + 3)));
      made.append(cell);
    });
    return made;
  };
  let lines;
  const by = (size, list) => Array.from({ length: Math.floor(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
  // A list that is cut ends with the number of all.
  const cut = (size, list) => Object.assign(by(size, list), { all: list.length % size ? list.at(-1) : undefined });
  const cutCaption = ([en, zh], { length, all }) => (all === undefined ? [en, zh] : [`${en}: ${length} of ${all}`, `${zh}：${all} 个中的 ${length} 个`]);
  const detailsOf = (place) => {
    lines ??= byId("details-data").textContent.split("\n");
    const [reasons, forecast, figures, orders, markets, destinations, carriers, nodes] = JSON.parse(lines[place]);
    const months = by(13, figures).map(([gmv, ...rest]) => ({ gmv, tallies: by(2, rest.slice(0, 10)), fines: rest.slice(10) }));
    return { reasons, forecast, months, orders, markets: cut(2, markets), destinations: cut(8, destinations), carriers: cut(8, carriers), nodes: by(2, nodes) };
  };
  const toggle = (place, button) => {
    const isOpen = !open.has(place);
    button.setAttribute("aria-expanded", isOpen);
    if (isOpen) {
      open.add(place);
      button.setAttribute("aria-controls", `details-${place}`);
      button.closest("tr").after(panel(place));
    } else {
      open.delete(place);
      button.removeAttribute("aria-controls");
      byId(`details-${place}`)?.remove();
    }
  };

  const outcome = ([failed, due], least) => {
    if (due === 0) return element("td", { class: "number", text: "–" });
    const rate = Math.floor(((due - failed) * 10000) / due);
    const low = least !== undefined && (due - failed) * 100 < due * least;
    return element("td", { class: low ? "number low" : "number" }, `${write.rate(rate)} `,
      element("small", { text: `${grouped(failed)} / ${grouped(due)}` }));
  };
  const head = (names) => element("thead", {}, element("tr", {}, ...names.map((name, index) =>
    element("th", index ? { scope: "col", class: "number" } : { scope: "col" }, both(name)))));
  const tableOf = (caption, heads, rows) =>
    element("table", {}, element("caption", {}, both(caption)), head(heads), element("tbody", {}, ...rows));
  const line = (name, ...cells) => element("tr", {}, element("th", { scope: "row" }, both(name)), ...cells);
  const figure = (text) => element("td", { class: "number", text });

  const months = (details) => {
    const columns = details.months.toReversed();
    const NAMES = [["Fulfilment (A1 + B1)", "物流履约（A1 + B1）"], ["Upload on time (A1)", "按时上传（A1）"], ["Pickup on time (B1)", "按时揽收（B1）"],
      ["Nodes complete (B2)", "节点齐全（B2）"], ["On-time delivery (B4)", "准时签收（B4）"]];
    const rows = [line(["GMV USD", "GMV（美元）"], ...columns.map(({ gmv }) => figure(write.money(gmv))))];
    NAMES.forEach((name, index) => {
      const least = index === 0 ? data.percent_min : undefined;
      rows.push(line(name, ...columns.map(({ tallies }) => outcome(tallies[index], least))));
    });
    rows.push(line(["Fines USD", "罚金（美元）"], ...columns.map(({ fines: [count, cents] }) =>
      element("td", { class: "number" }, `${write.money(cents)} `, element("small", { text: grouped(count) })))));
    return tableOf(["Rates, and orders that failed of those decided", "比率，及未达标单数 / 已判定单数"],
      [["Figure", "指标"], ...data.months.toReversed().map((month) => [month, month])], rows);
  };
  const PLACE_HEADS = [["Orders", "订单"], ["Fulfilment", "履约率"], ["On time", "准时签收"], ["Nodes", "节点齐全"]];
  const places = (caption, head, names, list) => tableOf(cutCaption(caption, list), [head, ...PLACE_HEADS],
    list.map(([name, orders, ...outcomes]) => {
      const [fulfilment, delivery, nodes] = by(2, outcomes);
      return line(names[name], figure(grouped(orders)), outcome(fulfilment, data.percent_min), outcome(delivery), outcome(nodes));
    }));
  const bar = (basisPoints) => {
    const picture = drawn("svg", { class: "bar", "aria-hidden": "true", viewBox: "0 0 100 8", preserveAspectRatio: "none" });
    picture.append(drawn("rect", { width: basisPoints / 100, height: 8 }));
    return element("td", {}, picture);
  };
  const markets = (list) => tableOf(cutCaption(["Markets by share of GMV", "市场（按 GMV 份额）"], list), [["Destination", "目的国"], ["Share", "份额"], ["", ""]],
    list.map(([code, share]) => line(data.destinations[code], figure(write.rate(share)), bar(share))));
  const nodes = (list) => tableOf(["Nodes missing from ended timelines (B2)", "已结束轨迹中缺失的节点（B2）"], [["Node", "节点"], ["Orders", "订单"]],
    list.toSorted(([, a], [, b]) => b - a).map(([name, count]) => line(data.nodes[name], figure(grouped(count)))));

  // The orders that decide the month, where the seller has such.
  const rescue = ([needed, undecided, orders]) => {
    const instant = (times) => element("td", {}, times ? `${times[0]} ` : "–", ...(times ? [element("small", { text: `(${times[1]})` })] : []));
    const rows = orders.map(([order, missing, minutes, deadline, paid, cents]) => {
      const [names, todo] = data.rescue.missing[missing];
      const left = minutes === null ? ["–", "–"] : [`${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`, `${Math.floor(minutes / 60)} 小时 ${pad(minutes % 60)} 分`];
      return line([order, order], element("td", {}, both(names)), instant(deadline), element("td", { class: "number" }, both(left)),
        figure(write.money(cents)), instant(paid), element("td", {}, both(todo)));
    });
    const caption = [`Orders to rescue: at least ${grouped(needed)} of ${grouped(undecided)} undecided; the nearest ${grouped(orders.length)}`,
      `需保住的订单：${grouped(undecided)} 单待定中至少须保 ${grouped(needed)} 单；列出截止最近的 ${grouped(orders.length)} 单`];
    const heads = [["Order", "订单"], ["Missing", "缺少"], ["Deadline, Beijing (Pacific)", "截止：北京时间（太平洋时间）"], ["Time left", "剩余时间"],
      ["Amount USD", "金额（美元）"], ["Paid, Beijing (Pacific)", "付款：北京时间（太平洋时间）"], ["What to do", "处理办法"]];
    const made = tableOf(caption, heads, rows);
    made.className = "orders rescue";
    return made;
  };

  // The orders that missed fulfilment, and those that their seller alone stated.
  const instantOf = (times) => element("td", {}, times ? `${times[0]} ` : "–", ...(times ? [element("small", { text: `(${times[1]})` })] : []));
  const lateBy = (seconds) => {
    if (seconds === null) return ["–", "–"];
    const [hours, minutes, rest] = [Math.floor(seconds / 3600), pad(Math.floor(seconds / 60) % 60), seconds % 60];
    return [`${hours} h ${minutes} m${rest ? ` ${pad(rest)} s` : ""}`, `${hours} 小时 ${minutes} 分${rest ? ` ${pad(rest)} 秒` : ""}`];
  };
  const failed = ([count, orders]) => {
    const rows = orders.flatMap(([order, cents, paid, missed]) => missed.map(([missing, deadline, at, seconds]) =>
      line([order, order], element("td", {}, both(data.listed.missing[missing])), instantOf(deadline), instantOf(at),
        element("td", { class: "number" }, both(lateBy(seconds))), figure(write.money(cents)), instantOf(paid))));
    const caption = [`Failed orders: ${grouped(count)}; the first ${grouped(orders.length)} by payment`,
      `未履约订单：${grouped(count)} 单；按付款时间列出前 ${grouped(orders.length)} 单`];
    const heads = [["Order", "订单"], ["Missed", "未达标项"], ["Deadline, Beijing (Pacific)", "时限：北京时间（太平洋时间）"],
      ["Happened, Beijing (Pacific)", "实际：北京时间（太平洋时间）"], ["Late by", "超时"], ["Amount USD", "金额（美元）"],
      ["Paid, Beijing (Pacific)", "付款：北京时间（太平洋时间）"]];
    const made = tableOf(caption, heads, rows);
    made.className = "orders failed";
    return made;
  };
  const unconfirmed = ([count, orders]) => {
    const caption = [`Unconfirmed orders, stated by the seller alone and outside GMV and the rates: ${grouped(count)}; the first ${grouped(orders.length)} by payment`,
      `未确认订单（仅由店铺提供，不计入 GMV 和各项比率）：${grouped(count)} 单；按付款时间列出前 ${grouped(orders.length)} 单`];
    const made = tableOf(caption, [["Order", "订单"], ["Paid, Beijing (Pacific)", "付款：北京时间（太平洋时间）"]],
      orders.map(([order, paid]) => line([order, order], instantOf(paid))));
    made.className = "orders unconfirmed";
    return made;
  };

  const panel = (place) => {
    const details = detailsOf(place);
    const seller = data.sellers[place];
    const made = element("div", { class: "panel", role: "group", "aria-label": seller });
    const texts = element("div", { class: "told" }, element("p", {}, both(told(details.reasons))));
    if (details.forecast.length) texts.append(element("ul", {}, ...details.forecast.map((sentence) => element("li", {}, both(told(sentence))))));
    const [excluded, pending] = details.orders;
    if (excluded || pending) {
      texts.append(element("p", { class: "note" }, both([`${grouped(pending)} orders pending, ${grouped(excluded)} cancelled before shipment or unconfirmed`,
        `待定 ${grouped(pending)} 单，发货前取消或未确认 ${grouped(excluded)} 单`])));
    }
    made.append(texts, months(details));
    if (details.destinations.length) {
      made.append(places(["Destinations with the most failures", "未达标最多的目的国"], ["Destination", "目的国"], data.destinations, details.destinations));
    }
    if (details.carriers.length) {
      made.append(places(["Carriers with the most failures", "未达标最多的承运商"], ["Carrier", "承运商"], data.carriers, details.carriers));
    }
    if (details.nodes.length) made.append(nodes(details.nodes));
    if (details.markets.length) made.append(markets(details.markets));
    if (data.rescue && Object.hasOwn(data.rescue.sellers, seller)) made.append(rescue(data.rescue.sellers[seller]));
    for (const [kind, table] of [["failed", failed], ["unconfirmed", unconfirmed]]) {
      if (data.listed && Object.hasOwn(data.listed[kind], seller)) made.append(table(data.listed[kind][seller]));
    }
    const cell = element("td", { colspan: table.tHead.rows[0].cells.length }, made);
    return element("tr", { class: "details", id: `details-${place}` }, cell);
  };

  // The table: filters, order, and as many rows as are asked for.

  const say = () => {
    const count = Math.min(matching.length, limit);
    shown.textContent = zh.checked
      ? `显示 ${grouped(count)} 行，共 ${grouped(matching.length)} 行`
      : `${grouped(count)} of ${grouped(matching.length)} rows`;
    more.hidden = all.hidden = matching.length <= limit;
  };
  const append = (from, to) => {
    const rows = document.createDocumentFragment();
    for (const entry of matching.slice(from, to)) {
      rows.append(rowOf(entry));
      if (open.has(entry.place)) rows.append(panel(entry.place));
    }
    body.append(rows);
  };
  const show = () => {
    body.replaceChildren();
    append(0, limit);
    say();
  };
  const filter = () => {
    const seller = form.elements.seller.value.trim().toLowerCase();
    const standing = form.elements.standing.value;
    const cents = Number(form.elements.gmv.value || 0) * 100;
    matching = entries.filter((entry) =>
      (!seller || entry.seller.includes(seller)) && (!standing || data.standing[entry.place] === Number(standing)) && data.cells[0][entry.place] >= cents);
    limit = ROWS_MORE;
    show();
  };
  // By place, what a column is sorted by.
  const keysOf = (column) => {
    if (column === SELLER) return data.sellers;
    if (column === STANDING) return data.standing;
    return column === WHAT_TO_KNOW ? data.why.map((why) => told(why)[0] || null) : data.cells[column - WHAT_TO_KNOW - 1];
  };
  const sort = (column, ascending) => {
    order = { column, ascending };
    // What has no figure stands last, whichever way; equals stay as the page came.
    const keys = keysOf(column);
    entries.sort((one, other) => {
      const [a, b] = [keys[one.place], keys[other.place]];
      if (a === b) return one.place - other.place;
      if (a === null || b === null) return a === null ? 1 : -1;
      return (a < b ? -1 : 1) * (ascending ? 1 : -1);
    });
    Array.from(table.tHead.rows[0].cells).forEach((header, index) => {
      if (index === column) header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      else header.removeAttribute("aria-sort");
    });
    filter();
  };
  Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
    const button = element("button", { type: "button" });
    button.append(...header.childNodes);
    header.append(button);
    const textual = column <= WHAT_TO_KNOW;
    button.addEventListener("click", () => sort(column, order.column === column ? !order.ascending : textual));
  });

  const speak = () => {
    document.documentElement.lang = zh.checked ? "zh-CN" : "en";
    for (const option of form.elements.standing.options) option.textContent = zh.checked ? option.dataset.zh : option.dataset.en;
    say();
  };
  for (const choice of [en, zh]) choice.addEventListener("change", speak);
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => {
    const from = limit;
    limit += ROWS_MORE;
    append(from, limit);
    say();
    body.rows[from]?.querySelector("button").focus();
  });
  all.addEventListener("click", () => {
    const from = limit;
    limit = Infinity;
    append(from, limit);
    say();
  });
  if ((navigator.language || "").toLowerCase().startsWith("zh")) zh.checked = true;
  form.hidden = false;
  byId("without-script").remove();
  show();
  speak();
  performance.mark("waymark-ready");
})();
