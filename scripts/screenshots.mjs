/**
 * `npm run screenshots [scene …]`: pictures of the demo in its states, each wide and narrow, light and dark, English and
 * Spanish, into .shots/. Wants the page built: npm run build:demo.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import sharp from "sharp";
import { preview } from "vite";
import { CAMERA_FLAGS, chromiumFlags, ensureChromium } from "./chromium.mjs";

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

async function train(page, { epochs = process.env.CORTEZA_EPOCHS ?? "3", until = "end" } = {}) {
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

/** A folder with pictures of two classes: discs and bars. */
async function shapes() {
  const folder = mkdtempSync(join(tmpdir(), "corteza-shapes-"));
  const drawn = {
    discs: (x, y) => `<circle cx="${x}" cy="${y}" r="9" fill="#e8c040"/>`,
    bars: (x, y) => `<rect x="${x - 12}" y="${y - 3}" width="24" height="6" fill="#4080e8"/>`,
  };
  for (const [name, shape] of Object.entries(drawn)) {
    mkdirSync(join(folder, name));
    for (let number = 0; number < 60; number++) {
      const inner = shape(14 + ((number * 7) % 12), 14 + ((number * 5) % 12));
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="#202428"/>${inner}</svg>`;
      await sharp(Buffer.from(svg))
        .jpeg()
        .toFile(join(folder, name, `${number}.jpg`));
    }
  }
  return folder;
}

/** The state that a page is in, on screens of both widths, in both themes and both languages; as English on a wide, light one afterwards. */
async function takeEach(page, name, selector) {
  for (const [width, viewport] of Object.entries({ narrow: NARROW, wide: WIDE })) {
    await page.setViewportSize(viewport);
    for (const language of ["es", "en"]) {
      await page.click(`[data-language="${language}"]`);
      for (const colorScheme of ["dark", "light"]) {
        await page.emulateMedia({ colorScheme });
        await toTop(page);
        // Curves and maps are painted anew for their width and colours.
        await page.waitForTimeout(300);
        const file = `${name}-${width}-${colorScheme}-${language}.png`;
        const path = join(shots, file);
        if (selector) await page.locator(selector).screenshot({ path });
        else await page.screenshot({ path, fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        console.log(`${file}${overflow > 0 ? `  overflows by ${overflow} px` : ""}`);
      }
    }
  }
}

/**
 * Each leads a page to its states. `open(options)` gives a page, `take(page, name, selector)` pictures of it, of the part
 * `selector` where there is one.
 */
const scenes = {
  /** The Train view from its first paint to its end. */
  async train(open, take) {
    const page = await open();
    await ready(page);
    await measured(page);
    await take(page, "train-before");
    await train(page, { until: 20 });
    await take(page, "train-busy");
    await page.click("#run");
    await page.waitForSelector('html[data-phase="paused"]');
    await take(page, "train-paused");
    await page.click("#run");
    await page.waitForSelector('html[data-phase="ready"]', { timeout: 280_000 });
    await page.waitForTimeout(800);
    await take(page, "train-after");
    await page.click("#profile summary");
    await page.click("#measure");
    await page.waitForFunction(() => /GFLOP/.test(document.querySelector("#profile-status").textContent));
    await take(page, "train-profile", "#profile");
  },
  /** The network's table being edited, and a network that cannot work. */
  async builder(open, take) {
    const page = await open({ address: "#train?network=tiny" });
    await ready(page);
    await page.click('tr[data-row="2"] .layer-edit');
    await take(page, "builder-edit", "#network");
    await page.locator(".layer-field input").first().fill("100000");
    await take(page, "builder-refused", "#network");
    await page.selectOption("#add-kind", "dense");
    await page.click("#add-layer");
    await page.keyboard.press("Alt+ArrowUp");
    await take(page, "builder-impossible", "#network");
  },
  /** What is no number, a training that learns nothing, and one that goes on after a pause. */
  async wrong(open, take) {
    const page = await open({ address: "#train?network=tiny&learning-rate=100&stop-minutes=0&batch-size=0" });
    await ready(page);
    await page.fill("#learning-rate", "0,0,1");
    await page.press("#learning-rate", "Enter");
    await take(page, "numbers-refused", "#training");
    await page.fill("#learning-rate", "100");
    await page.press("#learning-rate", "Enter");
    await page.click("#run");
    await page.locator(".notice", { hasText: /learns nothing|no aprende nada/ }).waitFor({ timeout: 120_000 });
    await take(page, "training-dead");
    await page.click(".notice button >> nth=-1");
    await page.waitForSelector('html[data-phase="ready"]', { timeout: 280_000 });
    await page.reload();
    await ready(page);
    await take(page, "training-offered");
  },
  /** Where it is wrong: the confusion matrix, its pictures, changes to them; files that are no data set. */
  async mistakes(open, take) {
    const page = await open();
    await ready(page);
    await take(page, "mistakes-empty", "#mistakes");
    await train(page, { epochs: "1", until: 20 });
    await page.click("#mistakes-read");
    await take(page, "mistakes-busy", "#mistakes");
    await page.waitForSelector('html[data-phase="ready"]', { timeout: 280_000 });
    await page.waitForSelector('#mistakes[aria-busy="false"] .thumb');
    await take(page, "mistakes", "#mistakes");
    await page.click("#pictures-list .thumb >> nth=1");
    await page.click("#picture-labels button >> nth=3");
    await page.locator("#pictures-list .thumb >> nth=2").press("Delete");
    await take(page, "mistakes-changed", "#mistakes");
    await page.click("#confusion tbody tr:nth-child(3) td.right button");
    await page.check("#confusion-shares");
    await page.click("#pictures-list .thumb");
    await take(page, "mistakes-cell", "#mistakes");
    await page.setInputFiles("#idx-files", [
      { name: "train-images-idx3-ubyte", mimeType: "", buffer: Buffer.from("no pictures") },
    ]);
    await take(page, "data-refused", "#digits");
  },
  /** The Draw view: before anything, a drawing read, a lesson, a file that is refused, a kept training offered. */
  async draw(open, take) {
    const page = await open();
    await ready(page);
    await go(page, "draw");
    await take(page, "draw-empty");
    await train(page, { epochs: "3" });
    await draw(page);
    await page.waitForSelector('#reading[aria-busy="false"] .winner');
    await take(page, "draw-read");
    await page.click('#teach-digits button:text-is("8")');
    await take(page, "draw-teaching");
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
    await take(page, "draw-taught");
    await page.reload();
    await page.waitForSelector(".notice.advice");
    await take(page, "draw-offer");
  },
  /** A lesson against what the network knows, and weights of another one. */
  async refusals(open, take) {
    const page = await open();
    await ready(page);
    await train(page, { epochs: "3" });
    await draw(page);
    await page.waitForSelector('#reading[aria-busy="false"] .winner');
    await page.click('#teach-digits button:text-is("1")');
    await page.waitForFunction(() => /%/.test(document.querySelector("#teach-status").textContent), null, {
      timeout: 120_000,
    });
    await page.waitForSelector('html[data-phase="ready"]');
    const header = JSON.stringify({ "fc.weight": { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await page.setInputFiles("#network-file", {
      name: "other.safetensors",
      mimeType: "application/octet-stream",
      buffer: Buffer.concat([length, Buffer.from(header), Buffer.alloc(8)]),
    });
    await page.waitForSelector("#keep-status.refused");
    await take(page, "draw-refusals");
  },
  /** The walk through a network, untrained and trained. */
  async inside(open, take) {
    const page = await open();
    await ready(page);
    await go(page, "inside");
    await page.waitForSelector('#walk[aria-busy="false"] section');
    await take(page, "inside-untrained");
    await train(page, { epochs: "3" });
    await draw(page);
    await go(page, "inside");
    await page.waitForSelector('#walk[aria-busy="false"] section');
    await page.waitForTimeout(800);
    for (const summary of await page.locator(".kernel-gradient summary").all()) await summary.click();
    await page.waitForSelector(".kernel-gradient .moves td");
    await take(page, "inside");
  },
  /** Two trainings laid over each other, one that was told when to stop, one that a far too large rate drove to NaN. */
  async runs(open, take) {
    const page = await open({ address: "#train?network=tiny" });
    const rate = async (value) => {
      await page.fill("#learning-rate", value);
      await page.press("#learning-rate", "Enter");
    };
    await ready(page);
    await train(page, { epochs: "1" });
    await page.click("#reset");
    await page.waitForSelector('html[data-phase="ready"]');
    await rate("0.01");
    await page.click("#more-settings summary");
    await page.fill("#stop-accuracy", "80");
    await page.press("#stop-accuracy", "Tab");
    await train(page, { epochs: "1" });
    await take(page, "runs");
    await rate("3e38");
    await page.click("#run");
    await page.waitForSelector(".notice.failure", { timeout: 120_000 });
    await take(page, "diverged");
  },
  /** Pictures of the visitor's own, with names of their classes. */
  async own(open, take) {
    const page = await open({ address: "#train?network=tiny" });
    await ready(page);
    const file = (part) => ({
      name: `letters-${part.slice(0, 6)}.gz`,
      mimeType: "",
      buffer: readFileSync(join(root, `public/data/mnist-small-test-${part}-ubyte.gz`)),
    });
    const names = "ka ki ku ke ko ga gi gu ge go".split(" ").join("\n");
    await page.setInputFiles("#idx-files", [
      file("images.idx3"),
      file("labels.idx1"),
      { name: "names.txt", mimeType: "text/plain", buffer: Buffer.from(names) },
    ]);
    await page.waitForSelector("#own-kept li");
    await train(page, { epochs: "10" });
    // Nobody's mistakes are read before they are seen.
    await page.locator("#mistakes").scrollIntoViewIfNeeded();
    await page.waitForSelector('#mistakes[aria-busy="false"] .thumb');
    await take(page, "own");
  },
  /** Pictures of one's own: nothing yet, one class alone, a set, its network trained, a picture named, the camera. */
  async pictures(open, take) {
    const folder = await shapes();
    const page = await open({ address: "#pictures?network=tiny", browser: { args: CAMERA_FLAGS } });
    await page.waitForSelector(".drop-area");
    await take(page, "pictures-empty");
    await page.setInputFiles("#pictures-folder", join(folder, "discs"));
    await page.waitForSelector("#view-pictures .notice");
    await take(page, "pictures-one-class");
    await page.click("#view-pictures .notice button");
    await page.click('.drop-area button:has-text("camera")');
    await page.waitForSelector(".camera-video video");
    await take(page, "pictures-camera");
    await page.click(".pictures-record > .buttons button:last-of-type");
    await page.setInputFiles("#pictures-folder", folder);
    await page.waitForSelector('.report[aria-busy="false"]');
    await take(page, "pictures-ready");
    await page.click(".preview summary");
    await page.click("#pictures-train");
    await page.waitForFunction(() => /\d/.test(document.querySelector("#pictures-accuracy").textContent));
    await page.click("#pictures-train");
    await page.waitForSelector('.pictures-train[data-phase="paused"]');
    await take(page, "pictures-paused");
    await page.click("#pictures-train");
    await page.waitForSelector('.pictures-train[data-phase="idle"]', { timeout: 280_000 });
    await page.setInputFiles("#pictures-try-file", join(folder, "discs", "3.jpg"));
    await page.waitForSelector(".try-answer .heat");
    await take(page, "pictures-done");
    await page.click("#pictures-inside");
    await page.waitForSelector('#view-inside:visible #walk[aria-busy="false"] section');
    await take(page, "pictures-inside");
    rmSync(folder, { recursive: true });
  },
  /** The four pictures of README.md; docs/ holds them without the "readme-". */
  async readme(open) {
    const page = await open();
    const shoot = async (name, viewport) => {
      await page.setViewportSize(viewport);
      await page.waitForTimeout(500);
      await page.screenshot({ path: join(shots, `readme-${name}.png`) });
      console.log(`readme-${name}.png`);
    };
    const size = { width: 1280, height: 1020 };
    await page.setViewportSize(size);
    await ready(page);
    await train(page, { epochs: "5" });
    await toTop(page);
    await shoot("train", size);
    await draw(page);
    await page.waitForSelector('#reading[aria-busy="false"] .winner');
    await toTop(page);
    await shoot("draw", size);
    await go(page, "inside");
    await page.waitForSelector('#walk[aria-busy="false"] section');
    await page
      .locator("#walk section", { hasText: "32 filters make 32 maps" })
      .evaluate((step) => step.scrollIntoView());
    await shoot("inside", size);
    await go(page, "train");
    await page.click('[data-language="es"]');
    await page.emulateMedia({ colorScheme: "dark" });
    await toTop(page);
    await shoot("narrow", { width: 390, height: 1400 });
  },
  /** Browsers in which something is missing. */
  async missing(open, take) {
    const nogpu = await open({ browser: { webgpu: false } });
    await ready(nogpu);
    await measured(nogpu);
    await take(nogpu, "no-webgpu");
    await go(nogpu, "draw");
    await take(nogpu, "no-webgpu-draw");
    const data = await open({ prepare: (page) => page.route("**/data/**", (route) => route.abort()) });
    await data.waitForSelector(".notice.failure");
    await take(data, "no-data");
    const worker = await open({ prepare: (page) => page.route("**/*worker*", (route) => route.abort()) });
    await worker.waitForSelector(".notice.failure");
    await take(worker, "no-worker");
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
    const open = async ({ browser: browserOptions = {}, prepare = async () => {}, address = "" } = {}) => {
      const browser = await chromium.launch({
        executablePath: ensureChromium(),
        args: [...chromiumFlags(browserOptions), ...(browserOptions.args ?? [])],
      });
      browsers.push(browser);
      const context = await browser.newContext({ viewport: WIDE, locale: "en-US", serviceWorkers: "block" });
      const page = await context.newPage();
      // What a scene forbids is told of here too.
      page.on("console", (message) => message.type() === "error" && console.error(`${name}: ${message.text()}`));
      page.on("pageerror", (error) => console.error(`${name}: ${error.stack}`));
      await prepare(page);
      await page.goto(url + address);
      await page.evaluate(() => document.fonts.ready);
      return page;
    };
    await scene(open, takeEach);
    await Promise.all(browsers.splice(0).map((browser) => browser.close()));
  }
} finally {
  await Promise.all(browsers.map((browser) => browser.close()));
  await server.close();
}
