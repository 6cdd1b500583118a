// A page as a clerk opens it: from disk, in a browser that can fetch nothing and whose console stays silent.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const { CHROMIUM, PAGES, SCREENSHOTS } = process.env;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];

let browser;

/** What is open: its `page`, the `address` it may ask again, and what there was to `complain` of. */
export const opened = { page: undefined, address: undefined, complaints: [] };

before(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});
after(() => browser.close());
beforeEach(() => { opened.complaints = []; opened.address = undefined; });
afterEach(async () => {
  await opened.page.context().close();
  assert.deepEqual(opened.complaints, [], "the console is silent, and nothing is fetched");
});

/** Opens a page with a context of its own. */
export async function open(name, how) {
  const page = await fresh(/^(file|data):/, how);
  await page.goto(pathToFileURL(join(PAGES, name)).href);
  return page;
}

/** Opens a target at an address that gives these answers, each the `target` it is for with its `status`, `headers` and `body`. */
export async function openAt(address, target, answers, how) {
  const page = await fresh(/^data:/, how);
  await page.route(`${address}/**`, (route) => {
    const { pathname, search } = new URL(route.request().url());
    const answer = answers.find(({ target }) => target === pathname + search);
    if (answer) return route.fulfill(answer);
    opened.complaints.push(`asks for ${pathname}${search}`);
    return route.abort();
  });
  opened.address = address;
  await page.goto(address + target);
  return page;
}

/** A page of nothing yet, which may fetch what it is `allowed` and, once there is one, from its address. */
async function fresh(allowed, { locale = "en-US", javaScriptEnabled = true, colorScheme = "light", width = 1360 } = {}) {
  const context = await browser.newContext({ locale, javaScriptEnabled, colorScheme, viewport: { width, height: 900 } });
  // Long enough for a machine that has much else to do.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const complain = (what) => opened.complaints.push(what);
  page.on("console", (message) => complain(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complain(`error: ${error}`));
  page.on("dialog", (dialog) => { complain(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    const isNavigation = request.isNavigationRequest() && opened.address && request.url().startsWith(`${opened.address}/`);
    if (!isNavigation && !allowed.test(request.url())) complain(`fetches ${request.url()}`);
  });
  opened.page = page;
  return page;
}

/** A picture of what is open, so many pixels high, where SCREENSHOTS names a folder. */
export async function picture(name, { height = 900 } = {}) {
  if (!SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  const { width } = opened.page.viewportSize();
  await opened.page.setViewportSize({ width, height });
  await opened.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** What is open as it prints, where SCREENSHOTS names a folder. */
export async function print(name) {
  if (!SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await opened.page.pdf({ path: join(SCREENSHOTS, `${name}.pdf`), preferCSSPageSize: true });
}

/** Whether characters are drawn as themselves: those that no font has are drawn as one and the same box. */
export async function drawsDifferently(characters) {
  const drawn = await opened.page.evaluate((characters) => characters.map((text) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
    const pen = canvas.getContext("2d");
    pen.font = `30px ${getComputedStyle(document.body).fontFamily}`;
    pen.fillText(text, 2, 32);
    return Array.from(pen.getImageData(0, 0, 40, 40).data).join();
  }), characters);
  return new Set(drawn).size === characters.length;
}

/** Whether a script of an intruder's would run in the page. Whoever asks expects complaints. */
export async function runsAnIntruder() {
  return opened.page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "document.body.dataset.intruder = 'yes'";
    document.body.append(script);
    return document.body.dataset.intruder !== undefined;
  });
}

/** The lightness of ink and paper, from 0 to 765. */
export async function lightness() {
  const colors = await opened.page.evaluate(() => { const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]; });
  return colors.map((color) => color.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0));
}

/** The seconds for which the page's main thread has worked since it was asked to open, whatever else the machine does. */
export async function workedSeconds(name) {
  const session = await opened.page.context().newCDPSession(opened.page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await opened.page.goto(pathToFileURL(join(PAGES, name)).href);
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find((metric) => metric.name === "TaskDuration").value;
}
