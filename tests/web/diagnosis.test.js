// The diagnosis URL, as a clerk asks it in a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { drawsDifferently, lightness, openAt, opened, picture, runsAnIntruder } from "./opened.js";

const ADDRESS = "http://127.0.0.1:8010";
const ANSWERS = JSON.parse(readFileSync(join(process.env.PAGES, "diagnoses.json"), "utf8"));

let page;
const open = async (name, how) => { page = await openAt(ADDRESS, ANSWERS[name].target, Object.values(ANSWERS), how); };
const asked = (name) => new URLSearchParams(ANSWERS[name].target.split("?")[1]).get("q");
const isAt = (name) => page.waitForURL(ADDRESS + ANSWERS[name].target);
const told = () => page.locator("body").innerText();
const chinese = () => page.getByText("中文", { exact: true });
/** Nothing is wider than the window. */
const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
/** How lightly what is seen of an element is drawn on what lies behind it: the contrast of WCAG. */
const contrasts = (selector) => page.$$eval(selector, (elements) => {
  const parts = (color) => color.match(/[\d.]+/g).map(Number);
  const shade = (color) => parts(color).slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)).reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    return parts(backgroundColor)[3] === 0 && element.parentElement ? behind(element.parentElement) : backgroundColor;
  };
  return elements.filter((element) => element.checkVisibility()).map((element) => {
    const [darker, lighter] = [shade(getComputedStyle(element).color), shade(behind(element))].toSorted((a, b) => a - b);
    return (lighter + 0.05) / (darker + 0.05);
  });
});

test("what fails comes first, with its reason, what to do, and the fine", async () => {
  await open("failed-en");
  const places = await page.$$eval(".stages li", (stages) => stages.map((stage) => ["failed", "at-risk", stage.className].indexOf(stage.className)));
  assert.ok(places.filter((place) => place === 0).length > 1, "several stages have failed");
  assert.deepEqual(places, places.toSorted(), "then what is near, then the others");
  assert.equal(await page.locator(".standing .failed dd").innerText(), "failed");
  const worst = page.locator(".stages .failed").first();
  assert.ok((await worst.innerText()).includes("→"), "and what to do");
  assert.ok((await page.locator(".stages").innerText()).includes("fined"));
  assert.ok((await page.locator(".clauses dt").count()) > 0, "what it rests on");
  assert.ok((await page.getByRole("heading", { level: 1 }).innerText()).includes(asked("failed-en")));
  assert.ok(!/\p{Script=Han}/u.test((await told()).replace("中文", "")), "English only");
  await picture("diagnosis-english", { height: 1600 });
});

test("the switch turns the page to Chinese without a script, in characters and not in boxes", async () => {
  await open("failed-en", { javaScriptEnabled: false });
  await chinese().click();
  assert.ok(await page.getByText("查询", { exact: true }).isVisible());
  const text = await told();
  for (const words of ["物流诊断", "总体", "未通过", "已罚", "适用规则", "截至北京时间"]) assert.ok(text.includes(words), words);
  for (const words of ["Diagnosis", "failed", "fined", "Rules applied", "Ask"]) assert.ok(!text.includes(words), words);
  await picture("diagnosis-chinese", { height: 1600 });
});

test("Chinese is marked as such, so that it is drawn and read aloud in its own way", async () => {
  await open("failed-en");
  const stray = await page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) {
      const { textContent, parentElement } = walker.currentNode;
      if (/\p{Script=Han}/u.test(textContent) && parentElement.closest("[lang]").lang !== "zh-CN") texts.push(textContent);
    }
    return texts;
  });
  assert.deepEqual(stray, []);
  await page.context().close();
  await open("failed-zh");
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  assert.equal(await page.locator("h1 > span:visible").first().getAttribute("lang"), "zh-CN");
  assert.ok(await drawsDifferently(["断", "签", "罚", " "]));
});

test("a question is typed and asked by keyboard, and answered in the language that is shown", async () => {
  await open("form-en");
  assert.ok((await told()).includes("Every stage is told"));
  await picture("diagnosis-form-english");
  const field = page.getByLabel("Tracking number or order id");
  assert.ok(await field.evaluate((field) => field === document.activeElement), "it can be typed at once");
  await page.keyboard.press("Shift+Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "language-en");
  assert.equal(await page.locator("label[for=language-en]").evaluate((label) => getComputedStyle(label).outlineStyle), "solid", "where the focus is, is seen");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  const typed = page.getByLabel("运单号或订单号");
  assert.ok(await typed.evaluate((field) => field === document.activeElement));
  await page.keyboard.type(asked("failed-zh"));
  await page.keyboard.press("Enter");
  await isAt("failed-zh");
  assert.equal(await typed.inputValue(), asked("failed-zh"));
  assert.ok((await told()).includes("未通过"));
  // And back, by mouse.
  await page.getByText("English", { exact: true }).click();
  await page.getByLabel("Tracking number or order id").fill(asked("unknown-en"));
  await page.getByRole("button", { name: "Ask" }).click();
  await isAt("unknown-en");
});

test("a Chinese browser is given the form in Chinese", async () => {
  await open("form-zh", { locale: "zh-CN" });
  const text = await told();
  assert.ok(text.includes("查询会列出") && !text.includes("Every stage"), text);
  await picture("diagnosis-form-chinese");
});

test("an order that is all well says so, and a number nobody has is told with what to do", async () => {
  await open("passed-en");
  assert.equal(await page.locator(".standing .passed dd").innerText(), "passed");
  assert.equal(await page.locator(".stages .failed, .stages .at-risk, .stages .remedy").count(), 0);
  await picture("diagnosis-passed", { height: 1400 });
  await page.context().close();
  await open("unknown-zh");
  assert.ok((await page.locator(".stages .failed").first().innerText()).includes("→"));
  await picture("diagnosis-unknown-chinese", { height: 1200 });
});

test("what is refused says why and keeps what was typed", async () => {
  await open("refused-zh");
  // What a browser says of any answer that is not 200.
  opened.complaints = opened.complaints.filter((told) => !told.includes("status of 404"));
  assert.ok((await page.getByRole("alert").innerText()).includes("没有订单"));
  assert.equal(await page.getByLabel("运单号或订单号").inputValue(), asked("refused-zh"));
  await picture("diagnosis-refused-chinese");
});

test("what others wrote is text and nothing else", async () => {
  await open("hostile-en");
  assert.ok((await told()).includes(asked("hostile-en")), "it is shown as it was typed");
  assert.equal(await page.getByLabel("Tracking number or order id").inputValue(), asked("hostile-en"));
  assert.equal(await page.locator("img, iframe, object, script").count(), 0);
  await picture("diagnosis-hostile");
  await page.context().close();
  await open("hostile_appeal-en");
  assert.ok((await page.locator(".stages").innerText()).includes(asked("hostile-en")), "as it lay in the file");
  assert.equal(await page.locator("img, iframe, object, script").count(), 0);
  // Nor would an intruder's script run: the page has none.
  assert.equal(await runsAnIntruder(), false);
  assert.ok(opened.complaints.length > 0 && opened.complaints.every((told) => told.includes("Content Security Policy")), opened.complaints.join());
  opened.complaints = [];
});

test("a telephone shows it whole, in either language", async () => {
  for (const name of ["failed-en", "failed-zh", "passed-zh", "hostile-en", "hostile_appeal-zh", "form-en"]) {
    await open(name, { width: 360 });
    assert.ok(await fits(), name);
    if (name === "failed-zh") await picture("diagnosis-telephone-chinese", { height: 1600 });
    if (name === "failed-en") await picture("diagnosis-telephone-english", { height: 1600 });
    if (name !== "form-en") await page.context().close();
  }
});

test("it reads in the light and in the dark, and prints without its form", async () => {
  const READ = "h1, h1 span, .as-of, .stages p, .stages strong, .stages em, .stages abbr, dt, dd, label, button";
  for (const colorScheme of ["light", "dark"]) {
    await open("failed-en", { colorScheme });
    const [ink, paper] = await lightness();
    assert.ok(Math.abs(ink - paper) > 300 && (ink > paper) === (colorScheme === "dark"), `${ink} on ${paper}`);
    const least = Math.min(...(await contrasts(READ)));
    assert.ok(least >= 4.5, `contrast ${least} in the ${colorScheme}`);
    if (colorScheme === "light") await page.context().close();
  }
  await picture("diagnosis-dark", { height: 1600 });
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  assert.ok(await page.locator("form").isHidden());
  assert.ok(await page.locator(".stages").isVisible());
  await page.emulateMedia({ media: "screen" });
});
