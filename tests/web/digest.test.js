// The morning's digest, as a clerk opens it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawsDifferently, lightness, open as openPage, opened, picture, runsAnIntruder } from "./opened.js";

let page;
const open = async (...how) => { page = await openPage(...how); };

const SHOWN = "#board tbody:first-of-type tr";
const visible = () => page.locator(SHOWN).count();
const column = (index) => page.$$eval("#board tbody tr", (rows, index) => rows.map((row) => row.cells[index].innerText.trim()), index);
const header = (name) => page.getByRole("columnheader", { name }).getByRole("button");

test("the board comes sorted by what is at risk, in English", async () => {
  await open("digest.html");
  const risks = (await column(0)).map(Number);
  assert.ok(risks.length > 20 && risks[0] > 0, "there is something at risk");
  assert.deepEqual(risks, risks.toSorted((a, b) => b - a));
  assert.equal(await page.getByRole("columnheader", { name: "USD at risk" }).getAttribute("aria-sort"), "descending");
  assert.ok(await page.getByRole("heading", { name: "Morning digest" }).isVisible());
  assert.ok(!(await page.locator("body").innerText()).includes("待办时限"));
  await picture("english");
});

test("the switch turns the page to Chinese, in characters and not in boxes", async () => {
  await open("digest.html");
  await page.getByText("中文", { exact: true }).click();
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  const told = await page.locator("body").innerText();
  for (const text of ["物流晨报", "待办时限", "风险金额", "昨夜入账", "承运商排名", "催派送签收"]) assert.ok(told.includes(text), text);
  for (const text of ["Morning digest", "Deadline board", "What to do"]) assert.ok(!told.includes(text), text);
  assert.ok(await drawsDifferently(["断", "签", " "]));
  await picture("chinese");
});

test("a Chinese browser opens it in Chinese, a keyboard turns it back", async () => {
  await open("digest.html", { locale: "zh-CN" });
  assert.ok(await page.getByRole("heading", { name: "待办时限" }).isVisible());
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowUp");
  assert.ok(await page.getByRole("heading", { name: "Deadline board" }).isVisible());
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
});

test("a column sorts by mouse and by keyboard, and says so", async () => {
  await open("digest.html");
  await page.getByRole("button", { name: "Show all rows" }).click();
  const left = page.locator("#board thead th").nth(1);
  await header("Time left").click();
  assert.equal(await left.getAttribute("aria-sort"), "ascending");
  const instants = () => page.$$eval("#board tbody tr", (rows) => rows.map((row) => Number(row.dataset.at)));
  const soonest = await instants();
  assert.deepEqual(soonest, soonest.toSorted((a, b) => a - b));
  await header("Time left").focus();
  await page.keyboard.press("Enter");
  assert.equal(await left.getAttribute("aria-sort"), "descending");
  assert.deepEqual(await instants(), soonest.toReversed());
  assert.equal(await page.locator("#board thead th[aria-sort]").count(), 1);
  await header("Order").click();
  const orders = await column(5);
  assert.deepEqual(orders, orders.toSorted());
});

test("the filters leave what was asked for, and say how much", async () => {
  await open("digest.html");
  await page.getByLabel("Clause").selectOption("B3");
  const shown = await page.$$eval(SHOWN, (rows) => rows.map((row) => row.dataset.clause));
  assert.ok(shown.length > 0 && shown.every((clause) => clause === "B3"));
  assert.ok((await page.locator("#shown").innerText()).startsWith(`${shown.length} of `));
  await page.getByLabel("Clause").selectOption("");
  await page.getByLabel("urgent only").check();
  assert.equal(await visible(), await page.locator("#board tr.urgent").count());
});

test("what others wrote is text and nothing else", async () => {
  await open("hostile.html");
  const told = await page.locator("body").innerText();
  assert.ok(told.includes("<img src=x onerror=alert(1)>"), "it is shown as it was written");
  assert.equal(await page.locator("img, iframe, object").count(), 0);
  // Nor would an intruder's script run: only the page's own may.
  assert.equal(await runsAnIntruder(), false);
  assert.ok(opened.complaints.length > 0 && opened.complaints.every((told) => told.includes("Content Security Policy")), opened.complaints.join());
  opened.complaints = [];
});

test("without its script the page shows every row and turns its language", async () => {
  await open("digest.html", { javaScriptEnabled: false });
  await page.getByText("中文", { exact: true }).click();
  assert.ok(await page.getByRole("heading", { name: "待办时限" }).isVisible());
  assert.ok(await page.locator("#filters").isHidden());
  const rows = page.locator("#board tbody tr");
  assert.ok((await rows.count()) > 200 && (await rows.last().isVisible()), "also those beyond the first");
});

test("twenty thousand rows open, sort and turn in a moment", async () => {
  const begun = Date.now();
  await open("large.html");
  assert.equal(await page.locator("#shown").innerText(), "200 of 20000 rows");
  assert.equal(await visible(), 200, "the first ones");
  const opened = Date.now();
  await header("Order").click();
  const sorted = Date.now();
  await page.getByText("中文", { exact: true }).click();
  assert.ok(await page.getByRole("heading", { name: "待办时限" }).isVisible());
  const turned = Date.now();
  console.log(`20,000 rows: opened in ${opened - begun} ms, sorted in ${sorted - opened} ms, turned in ${turned - sorted} ms`);
  assert.ok(turned - begun < 60_000, "also on a busy machine");
});

test("it reads in the dark, and prints all that is asked for", async () => {
  await open("digest.html", { colorScheme: "dark" });
  const [ink, paper] = await lightness();
  assert.ok(ink > paper + 300, `${ink} on ${paper}`);
  await picture("dark");
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  assert.ok(await page.locator("#filters").isHidden());
  assert.ok(await page.locator("#board").isVisible());
  await page.emulateMedia({ media: "screen" });
});
