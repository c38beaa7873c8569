/**
 * Imports many pictures in Chromium and trains from them: files a second, memory of the page, and how long steps wait for data.
 *
 *     npm run bench:pictures -- [--count 20000] [--steps 60] [--sizes 64x3,100x1,224x3] [--out bench/results/NAME.txt]
 *
 * JPEGs of two classes, 160 to 480 pixels a side, are made with `sharp` in a temporary folder, and chosen with the page's
 * `<input webkitdirectory>`; each size is a page of its own, in a profile on the disk. `--steps 0` trains a whole epoch. Memory is that of the page's renderer
 * process with its workers: anonymous and shared pages that are resident (RssAnon + RssShmem of /proc, the program's own file not
 * counted), looked at five times a second. Linux only.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Browser, type BrowserContext, type CDPSession, chromium } from "playwright";
import sharp from "sharp";
import { build } from "vite";
import { chromiumFlags, ensureChromium } from "../scripts/chromium.mjs";
import { serve } from "../test/support/browser.ts";
import type { Imported, Trained } from "./pictures/page.ts";

const { values: options } = parseArgs({
  options: {
    count: { type: "string", default: "20000" },
    steps: { type: "string", default: "60" },
    batch: { type: "string", default: "32" },
    sizes: { type: "string", default: "64x3,100x1,224x3" },
    out: { type: "string" },
  },
});
const [count, steps, batch] = [options.count, options.steps, options.batch].map(Number) as [number, number, number];
const root = resolve(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "corteza-bench-pictures-"));
const lines: string[] = [];
const say = (line: string) => {
  console.log(line);
  lines.push(line);
};

/** Numbers that look random, the same in each run. */
let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

/** A photograph's weight: soft noise under a shape, wide for one class and tall for the other. */
async function picture(path: string, tall: boolean): Promise<number> {
  const [width, height] = [160 + Math.floor(320 * random()), 160 + Math.floor(320 * random())];
  const [columns, rows] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const noise = new Uint8Array(columns * rows * 3);
  for (let at = 0; at < noise.length; at++) noise[at] = 60 + Math.floor(140 * random());
  const [wide, high] = tall ? [columns >> 3, rows >> 1] : [columns >> 1, rows >> 3];
  const [left, top] = [Math.floor((columns - wide) * random()), Math.floor((rows - high) * random())];
  for (let row = top; row < top + high; row++) {
    for (let column = left; column < left + wide; column++) noise.set([220, 90, 40], 3 * (row * columns + column));
  }
  const jpeg = await sharp(noise, { raw: { width: columns, height: rows, channels: 3 } })
    .resize({ width, height, fit: "fill", kernel: "linear" })
    .jpeg({ quality: 85 })
    .toBuffer();
  await writeFile(path, jpeg);
  return jpeg.length;
}

async function makePictures(): Promise<number> {
  let bytes = 0;
  let next = 0;
  await Promise.all(["wide", "tall"].map((name) => mkdir(join(folder, "files", name), { recursive: true })));
  const work = async () => {
    while (next < count) {
      const number = next++;
      const tall = number % 2 === 1;
      bytes += await picture(join(folder, "files", tall ? "tall" : "wide", `${number}.jpg`), tall);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return bytes;
}

/** The largest renderer's memory so far, in bytes. */
class MemoryWatch {
  peak = 0;
  resident = 0;
  readonly #browser: CDPSession;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(browser: CDPSession) {
    this.#browser = browser;
    this.#timer = setInterval(() => void this.#look(), 200);
  }

  async #look(): Promise<void> {
    const { processInfo } = await this.#browser.send("SystemInfo.getProcessInfo").catch(() => ({ processInfo: [] }));
    const renderers = processInfo.filter(({ type }) => type === "renderer");
    const sizes = await Promise.all(renderers.map(({ id }) => residentBytes(id)));
    this.resident = Math.max(0, ...sizes);
    this.peak = Math.max(this.peak, this.resident);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

async function residentBytes(process: number): Promise<number> {
  const status = await readFile(`/proc/${process}/status`, "utf8").catch(() => "");
  const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
  return 1024 * (kilobytes("RssAnon") + kilobytes("RssShmem"));
}

function browserOf(context: BrowserContext): Browser {
  const browser = context.browser();
  if (browser === null) throw new Error("This context has no browser.");
  return browser;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

async function measure(context: BrowserContext, url: string, size: number, channels: number): Promise<void> {
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && console.error(message.text()));
  await page.goto(url);
  await page.setInputFiles("#folder", join(folder, "files"));
  const browser = await browserOf(context).newBrowserCDPSession();
  const watch = new MemoryWatch(browser);
  await page.waitForTimeout(1000);
  const before = watch.resident;
  watch.peak = 0;
  const imported = await page.evaluate<Imported>(`read(${size}, ${channels})`);
  const importPeak = watch.peak;
  watch.peak = 0;
  const trained = await page.evaluate<Trained>(`train(${batch}, ${steps})`);
  watch.stop();
  const { images, skipped, seconds, stored, stopped, decodedOnPage } = imported;
  say(
    `${size}×${size}×${channels}: ${images} images (${skipped} skipped${stopped ? `, ${stopped}` : ""}) ${stored ? "in OPFS" : "in memory"}, ` +
      `import ${seconds.toFixed(1)} s = ${(count / seconds).toFixed(0)} files/s; page memory ${megabytes(before)} before, ` +
      `${megabytes(importPeak)} at most while importing, ${megabytes(watch.peak)} while training`,
  );
  say(
    `    ${trained.steps} steps of ${batch} (${trained.residency}) in ${trained.seconds.toFixed(1)} s, loss ${trained.loss.toFixed(3)}, waited ` +
      `${trained.waitedSeconds.toFixed(2)} s for data = ${((100 * trained.waitedSeconds) / trained.seconds).toFixed(1)} %; ` +
      `the page itself decoded ${decodedOnPage} pictures`,
  );
  await page.evaluate("forget()");
  await page.close();
}

try {
  say(`npm run bench:pictures -- ${process.argv.slice(2).join(" ")}`.trimEnd());
  const started = performance.now();
  const bytes = await makePictures();
  say(
    `${count} JPEGs of ${(bytes / count / 1000).toFixed(1)} kB on average, made in ${((performance.now() - started) / 1000).toFixed(0)} s; ` +
      `${cpus().length} cores, load ${loadavg()
        .map((load) => load.toFixed(1))
        .join(" ")}`,
  );
  const site = join(folder, "site");
  await build({
    ...{ root: join(root, "bench/pictures"), configFile: false, logLevel: "error", worker: { format: "es" } },
    build: { outDir: site, target: "es2023" },
  });
  const server = await serve(site);
  const profile = join(folder, "profile");
  const context = await chromium.launchPersistentContext(profile, {
    ...{ executablePath: ensureChromium(), args: chromiumFlags() },
  });
  try {
    for (const one of options.sizes.split(",")) {
      const [size = 64, channels = 3] = one.split("x").map(Number);
      await measure(context, server.url, size, channels);
    }
    say(`load at the end ${loadavg()[0]?.toFixed(1)}`);
  } finally {
    await context.close();
    await server.close();
  }
  if (options.out !== undefined) await writeFile(resolve(options.out), `${lines.join("\n")}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
