/** `npm run screenshots [name …]`: pictures of the demo in its states, into .shots/. Wants the page built: npm run build:demo. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { preview } from "vite";
import { chromiumFlags, ensureChromium } from "./chromium.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const site = process.env.CORTEZA_SITE ?? join(root, "site");
const shots = process.env.CORTEZA_SHOTS ?? join(root, ".shots");

const WIDE = { width: 1360, height: 900 };
const NARROW = { width: 390, height: 844 };

/** A three in pad fractions: two bows, each part of an ellipse. */
const THREE = [
  ...arc({ x: 0.48, y: 0.32, width: 0.15, height: 0.15, from: -160, to: 80 }),
  ...arc({ x: 0.47, y: 0.65, width: 0.2, height: 0.19, from: -80, to: 150 }),
];

function arc({ x, y, width, height, from, to }) {
  return Array.from({ length: 25 }, (_, index) => {
    const angle = ((from + ((to - from) * index) / 24) * Math.PI) / 180;
    return [x + width * Math.cos(angle), y + height * Math.sin(angle)];
  });
}

const go = (page, view) => page.click(`a[data-view="${view}"]`);

async function draw(page) {
  await go(page, "draw");
  await page.locator("digit-pad").scrollIntoViewIfNeeded();
  const box = await page.locator("digit-pad").boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(THREE[0]));
  await page.mouse.down();
  for (const point of THREE.slice(1)) await page.mouse.move(...at(point));
  await page.mouse.up();
}

const ready = (page) => page.waitForSelector('html[data-phase="ready"] #accuracy.pending', { timeout: 60_000 });
const measured = (page) => page.waitForFunction(() => /\d/.test(document.querySelector("#samples-note").textContent));

async function train(page, { epochs = process.env.CORTEZA_EPOCHS ?? "5", until = "end" } = {}) {
  await go(page, "train");
  await page.selectOption("#epochs", epochs);
  await page.click("#run");
  if (until === "end")
    await page.waitForSelector('html[data-phase="ready"]:has(#accuracy:not(.pending))', { timeout: 280_000 });
  else
    await page.waitForFunction(
      (step) => Number(/\d+/.exec(document.querySelector("#readings").textContent)?.[0]) >= step,
      until,
      { timeout: 120_000 },
    );
}

async function toTop(page) {
  await page.mouse.move(2, 2);
  await page.evaluate(() => scrollTo(0, 0));
}

/** Each: what the browser is, and the states to take. `take(page, name, full?)`. */
const scenes = {
  async wide(open, take) {
    const page = await open({ viewport: WIDE, colorScheme: "light", locale: "en-US" });
    await ready(page);
    await measured(page);
    await take(page, "wide-light-en-before", true);
    await draw(page);
    await page.waitForFunction(() => /\d/.test(document.querySelector(".bar-value").textContent));
    await toTop(page);
    await take(page, "wide-light-en-untrained");
    await train(page, { until: 20 });
    await take(page, "wide-light-en-training");
    await page.waitForSelector('html[data-phase="ready"]', { timeout: 280_000 });
    await page.waitForTimeout(800);
    await take(page, "wide-light-en-after");
    await take(page, "wide-light-en-after-full", true);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForTimeout(300);
    await take(page, "wide-dark-en-after");
    await take(page, "wide-dark-en-after-full", true);
    await page.click('[data-language="es"]');
    await page.waitForTimeout(300);
    await toTop(page);
    await take(page, "wide-dark-es-after");
    await page.emulateMedia({ colorScheme: "light" });
    await page.waitForTimeout(300);
    await take(page, "wide-light-es-after-full", true);
    await page.setViewportSize(NARROW);
    await page.waitForTimeout(500);
    await take(page, "narrow-light-es-after-full", true);
    await page.click('[data-language="en"]');
    await go(page, "draw");
    await take(page, "narrow-light-en-draw");
    await page.emulateMedia({ colorScheme: "dark" });
    await toTop(page);
    await page.waitForTimeout(300);
    await take(page, "narrow-dark-en-top");
    await take(page, "narrow-dark-en-full", true);
    await page.setViewportSize({ width: 820, height: 1100 });
    await page.waitForTimeout(300);
    await take(page, "tablet-dark-en-full", true);
  },
  async profile(open, take) {
    const page = await open({ viewport: WIDE, colorScheme: "light", locale: "en-US" });
    await ready(page);
    await page.click("#profile summary");
    const measure = async () => {
      await page.click("#measure");
      await page.waitForFunction(() => /GFLOP/.test(document.querySelector("#profile-status").textContent));
    };
    const show = async (name) => {
      await page.evaluate(() => document.querySelector("#network").scrollIntoView());
      await page.waitForTimeout(300);
      await take(page, name);
    };
    await show("wide-light-en-profile-empty");
    await measure();
    await show("wide-light-en-profile");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.click('[data-language="es"]');
    await show("wide-dark-es-profile");
    await page.setViewportSize(NARROW);
    await page.evaluate(() => document.querySelector("#profile").scrollIntoView());
    await page.waitForTimeout(300);
    await take(page, "narrow-dark-es-profile");
  },
  async mistakes(open, take) {
    const page = await open({ viewport: WIDE, colorScheme: "light", locale: "en-US" });
    const show = async (name, selector = "#mistakes") => {
      await page.evaluate((wanted) => document.querySelector(wanted).scrollIntoView(), selector);
      await page.waitForTimeout(300);
      await take(page, name);
    };
    await ready(page);
    await show("wide-light-en-mistakes-empty");
    await train(page, { epochs: "1", until: 20 });
    await page.click("#mistakes-read");
    await show("wide-light-en-mistakes-busy");
    await page.waitForSelector('html[data-phase="ready"]', { timeout: 280_000 });
    await page.waitForSelector('#mistakes[aria-busy="false"] .thumb');
    await show("wide-light-en-mistakes");
    await page.click("#pictures-list .thumb >> nth=1");
    await page.click("#picture-labels button >> nth=3");
    await page.locator("#pictures-list .thumb >> nth=2").press("Delete");
    await show("wide-light-en-mistakes-changed");
    await page.click("#confusion tbody tr:nth-child(3) td.right button");
    await page.check("#confusion-shares");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.click('[data-language="es"]');
    await show("wide-dark-es-mistakes-cell");
    await page.setViewportSize(NARROW);
    await show("narrow-dark-es-mistakes");
    await page.click("#pictures-list .thumb");
    await show("narrow-dark-es-mistakes-pictures", "#pictures");
    await page.emulateMedia({ colorScheme: "light" });
    await page.click('[data-language="en"]');
    await show("narrow-light-en-mistakes-editor", "#picture-editor");
    await page.setInputFiles("#idx-files", [
      { name: "train-images-idx3-ubyte", mimeType: "", buffer: Buffer.from("no pictures") },
    ]);
    await show("narrow-light-en-data", "#digits");
    await page.setViewportSize(WIDE);
    await show("wide-light-en-data", "#digits");
  },
  async drawing(open, take) {
    const page = await open({ viewport: WIDE, colorScheme: "light", locale: "en-US" });
    await ready(page);
    await go(page, "draw");
    await take(page, "wide-light-en-draw-before", true);
    await train(page, { epochs: "3" });
    await draw(page);
    await page.waitForSelector('#reading[aria-busy="false"] .winner');
    await take(page, "wide-light-en-draw-after", true);
    await page.click('#teach-digits button:text-is("8")');
    await page.waitForFunction(() => /%/.test(document.querySelector("#teach-status").textContent), null, {
      timeout: 120_000,
    });
    await page.waitForSelector('html[data-phase="ready"]');
    await page.setInputFiles("#network-file", {
      name: "bad.safetensors",
      mimeType: "application/octet-stream",
      buffer: Buffer.from("this is no network"),
    });
    await page.waitForSelector("#keep-status.refused");
    await take(page, "wide-light-en-draw-taught", true);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.click('[data-language="es"]');
    await page.waitForTimeout(300);
    await take(page, "wide-dark-es-draw-taught", true);
    await page.setViewportSize(NARROW);
    await page.waitForTimeout(300);
    await take(page, "narrow-dark-es-draw-taught", true);
    await page.emulateMedia({ colorScheme: "light" });
    await page.reload();
    await page.waitForSelector(".notice.advice");
    await page.waitForTimeout(300);
    await take(page, "narrow-light-es-draw-offer", true);
  },
  async inside(open, take) {
    const page = await open({ viewport: WIDE, colorScheme: "light", locale: "en-US" });
    await ready(page);
    await go(page, "inside");
    await page.waitForSelector('#walk[aria-busy="false"] section');
    await toTop(page);
    await take(page, "wide-light-en-inside-untrained");
    await train(page, { epochs: "3" });
    await draw(page);
    await go(page, "inside");
    await page.waitForSelector('#walk[aria-busy="false"] section');
    await page.waitForTimeout(800);
    await toTop(page);
    await take(page, "wide-light-en-inside", true);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.click('[data-language="es"]');
    await page.setViewportSize(NARROW);
    await page.waitForTimeout(500);
    await take(page, "narrow-dark-es-inside", true);
  },
  /** Two trainings laid over each other, and one that a far too large learning rate drove to NaN. */
  async runs(open, take) {
    const page = await open(
      { viewport: WIDE, colorScheme: "light", locale: "en-US" },
      {},
      undefined,
      "#train?network=tiny",
    );
    await ready(page);
    await train(page, { epochs: "1" });
    await page.click("#reset");
    await page.waitForSelector('html[data-phase="ready"]');
    await page.fill("#learning-rate", "0.01");
    await page.press("#learning-rate", "Enter");
    await train(page, { epochs: "1" });
    await toTop(page);
    await take(page, "wide-light-en-runs", true);
    await page.fill("#learning-rate", "1e30");
    await page.press("#learning-rate", "Enter");
    await page.click("#run");
    await page.waitForSelector(".notice.failure", { timeout: 120_000 });
    await toTop(page);
    await take(page, "wide-light-en-diverged");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.click('[data-language="es"]');
    await page.setViewportSize(NARROW);
    await page.waitForTimeout(500);
    await take(page, "narrow-dark-es-diverged", true);
  },
  async nogpu(open, take) {
    const page = await open({ viewport: WIDE, colorScheme: "light", locale: "en-US" }, { webgpu: false });
    await ready(page);
    await measured(page);
    await take(page, "wide-light-en-nogpu");
    await page.click('[data-language="es"]');
    await page.setViewportSize(NARROW);
    await page.waitForTimeout(300);
    await take(page, "narrow-light-es-nogpu");
  },
  async errors(open, take) {
    const page = await open({ viewport: WIDE, colorScheme: "light", locale: "en-US" }, {}, (p) =>
      p.route("**/data/**", (route) => route.abort()),
    );
    await page.waitForSelector(".notice.failure");
    await take(page, "wide-light-en-no-data");
    const worker = await open({ viewport: NARROW, colorScheme: "dark", locale: "es-ES" }, {}, (p) =>
      p.route("**/*worker*", (route) => route.abort()),
    );
    await worker.waitForSelector(".notice.failure");
    await take(worker, "narrow-dark-es-no-worker");
  },
};

if (!existsSync(join(site, "index.html"))) {
  console.error("There is no built page; run: npm run build:demo");
  process.exit(1);
}
mkdirSync(shots, { recursive: true });
const server = await preview({
  root,
  base: "/",
  logLevel: "error",
  build: { outDir: site },
  preview: { port: 0, host: "127.0.0.1" },
});
const url = server.resolvedUrls.local[0];
const wanted = process.argv.slice(2);
const browsers = [];
try {
  for (const [name, scene] of Object.entries(scenes)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const open = async (options, browserOptions = {}, prepare = async () => {}, address = "") => {
      const browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumFlags(browserOptions) });
      browsers.push(browser);
      const page = await (
        await browser.newContext({ deviceScaleFactor: 1, serviceWorkers: "block", ...options })
      ).newPage();
      page.on("console", (message) => message.type() === "error" && console.error(`${name}: ${message.text()}`));
      page.on("pageerror", (error) => console.error(`${name}: ${error.stack}`));
      await prepare(page);
      await page.goto(url + address);
      await page.evaluate(() => document.fonts.ready);
      return page;
    };
    const take = async (page, file, fullPage = false) => {
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      await page.screenshot({ path: join(shots, `${file}.png`), fullPage });
      console.log(`${file}.png${overflow > 0 ? `  overflows by ${overflow} px` : ""}`);
    };
    await scene(open, take);
    await Promise.all(browsers.splice(0).map((browser) => browser.close()));
  }
} finally {
  await Promise.all(browsers.map((browser) => browser.close()));
  await server.close();
}
