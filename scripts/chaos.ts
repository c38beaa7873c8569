/**
 * Takes WebGPU devices away from a page that trains, again and again, and looks whether it goes on as if nothing had happened:
 *
 *     npm run chaos -- [--losses 100] [--steps 1500] [--per-round 10] [--seed 1] [--log chaos.jsonl]
 *
 * In Chromium, half of the losses by `device.destroy()` in the page, half by ending the browser's GPU process, at random steps, while a trainer,
 * a classifier and a canvas are at work on the device. A round is a training with `--per-round` losses, whose weights and losses of
 * steps must be those of an undisturbed one, bit for bit. Each round is a line of the log: a run that was stopped goes on behind the
 * last one (with the same seed), and the table at the end is of all. Chromium's limits on crashes of its GPU process are off.
 */
import { appendFile, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Browser, chromium, type Page } from "playwright";
import { createServer as createViteServer } from "vite";
import { median } from "../src/core/median.ts";
import { randomKey, randomUniform } from "../src/core/random.ts";
import type { Loss, Status } from "./chaos/page.ts";
import { chromiumFlags, ensureChromium } from "./chromium.mjs";

/** A loss as the log has it; times in milliseconds, by the page's clock or, where the process was ended from here, by this one's. */
interface LoggedLoss extends Loss {
  readonly kind: "destroy" | "kill";
  readonly step: number;
  readonly at: number;
  readonly millisecondsPerStep: number;
}

interface Round {
  readonly seed: number;
  readonly round: number;
  readonly hash: string | undefined;
  readonly error: string | undefined;
  readonly failure: string | undefined;
  readonly answers: number;
  readonly pictures: number;
  readonly losses: readonly LoggedLoss[];
}

const PATIENCE_MS = 300_000;
const HTML =
  '<!doctype html><meta charset="utf-8"><title>Chaos</title><script type="module" src="/scripts/chaos/page.ts"></script>';
const FLAGS = ["--disable-gpu-process-crash-limit", "--disable-domain-blocking-for-3d-apis"];

const { values } = parseArgs({
  options: {
    losses: { type: "string", default: "100" },
    steps: { type: "string", default: "1500" },
    "per-round": { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    log: { type: "string", default: "chaos.jsonl" },
  },
});
const [losses, steps, perRound, seed] = [values.losses, values.steps, values["per-round"], values.seed].map(Number) as [
  number,
  number,
  number,
  number,
];

const statusOf = (page: Page): Promise<Status> => page.evaluate(() => globalThis.chaos.status);

async function until(page: Page, holds: (status: Status) => boolean): Promise<Status> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const status = await statusOf(page);
    if (holds(status) || status.error !== undefined) return status;
    if (Date.now() > end) return { ...status, error: `stands still at step ${status.step}` };
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

/** One training; `at`: the steps at which the device goes. */
async function train(browser: Browser, url: string, at: readonly { step: number; kind: LoggedLoss["kind"] }[]) {
  const devtools = await browser.newBrowserCDPSession();
  const page = await browser.newPage();
  try {
    await page.goto(url);
    await page.waitForFunction(() => globalThis.chaos !== undefined, undefined, { timeout: PATIENCE_MS });
    await page.evaluate((count) => globalThis.chaos.start(count), steps);
    const logged: LoggedLoss[] = [];
    for (const { step, kind } of at) {
      // What was lost before is back.
      const before = await until(
        page,
        (status) => status.isDone || (status.step >= step && status.losses.every(({ back }) => back)),
      );
      if (before.isDone || before.error) break;
      const count = before.losses.length;
      const started = Date.now();
      if (kind === "kill") await devtools.send("Browser.crashGpuProcess");
      const lostAt = kind === "kill" ? started : await page.evaluate(() => globalThis.chaos.destroy());
      const after = await until(
        page,
        (status) => status.losses.length > count && status.losses.every(({ back }) => back),
      );
      const { millisecondsPerStep } = before;
      logged.push({ kind, step: before.step, at: lostAt, millisecondsPerStep, ...after.losses[count] });
      if (after.error) break;
    }
    const last = await until(page, ({ hash }) => hash !== undefined);
    return { last, logged };
  } finally {
    await page.close();
    await devtools.detach();
  }
}

async function logOf(path: string): Promise<Round[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Round).filter((round) => round.seed === seed);
}

function report(rounds: readonly Round[], wanted: string): boolean {
  const all = rounds.flatMap((round) => round.losses);
  const isRight = ({ hash, error, failure }: Round) => hash === wanted && error === undefined && failure === undefined;
  for (const kind of ["destroy", "kill"] as const) {
    const own = all.filter((loss) => loss.kind === kind);
    const figures = (of: (loss: LoggedLoss) => number | undefined) => {
      const numbers = own.flatMap((loss) => of(loss) ?? []);
      return numbers.length === 0
        ? "none"
        : `median ${Math.round(median(numbers))}, most ${Math.round(Math.max(...numbers))}`;
    };
    const back = own.filter((loss) => loss.back !== undefined).length;
    console.log(`${kind}: ${own.length} losses, ${back} went on by themselves`);
    console.log(`  told after, ms: ${figures(({ told, at }) => (told === undefined ? undefined : told - at))}`);
    console.log(`  back after, ms: ${figures((loss) => (loss.back === undefined ? undefined : loss.back - loss.at))}`);
    console.log(`  steps redone: ${figures(({ stepsRedone }) => stepsRedone)}`);
    console.log(`  of ms: ${figures((loss) => (loss.stepsRedone ?? 0) * loss.millisecondsPerStep)}`);
  }
  const right = rounds.filter(isRight).length;
  const sums = { answers: 0, pictures: 0 };
  for (const { answers, pictures } of rounds) {
    sums.answers += answers;
    sums.pictures += pictures;
  }
  console.log(`${right} of ${rounds.length} trainings of ${steps} steps have the bits of an undisturbed one`);
  console.log(
    `${sums.answers} answers of the classifier, ${sums.pictures} pictures; failed: ${rounds.filter(({ failure }) => failure).length}`,
  );
  for (const round of rounds.filter((one) => !isRight(one)))
    console.log(`round ${round.round}: ${JSON.stringify(round)}`);
  return right === rounds.length && all.length >= losses && all.every(({ back }) => back !== undefined);
}

const vite = await createViteServer({
  configFile: false,
  root: resolve(import.meta.dirname, ".."),
  logLevel: "error",
  appType: "custom",
  server: { middlewareMode: true, watch: null, hmr: false, ws: false },
  optimizeDeps: { noDiscovery: true, include: [] },
});
const server = createServer((request, response) => {
  if (request.url !== "/") return vite.middlewares(request, response);
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  return response.end(HTML);
});
await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
const address = server.address();
const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/`;
const browser = await chromium.launch({ executablePath: ensureChromium(), args: [...chromiumFlags(), ...FLAGS] });
try {
  console.log(`seed ${seed}, log ${values.log}`);
  const { last } = await train(browser, url, []);
  if (last.hash === undefined) throw new Error(`The undisturbed training failed: ${last.error}`);
  const wanted = last.hash;
  const rounds = await logOf(values.log);
  while (rounds.flatMap((round) => round.losses).length < losses) {
    const round = rounds.length;
    const key = randomKey(seed, round);
    const count = Math.min(perRound, losses - rounds.flatMap((one) => one.losses).length);
    const places = Array.from({ length: count }, (_, index) => Math.floor(randomUniform(key, index) * steps * 0.9));
    const at = places
      .sort((a, b) => a - b)
      .map((step, index) => ({ step, kind: (index + round) % 2 ? "kill" : "destroy" }) as const);
    const { last: ended, logged } = await train(browser, url, at);
    const { hash, error, failure, answers, pictures } = ended;
    const entry: Round = { seed, round, hash, error, failure, answers, pictures, losses: logged };
    await appendFile(values.log, `${JSON.stringify(entry)}\n`);
    rounds.push(entry);
    console.log(
      `round ${round}: ${logged.length} losses, ${hash === wanted ? "the same bits" : `OTHER BITS (${error ?? hash})`}`,
    );
    if (logged.length === 0) break;
  }
  process.exitCode = report(rounds, wanted) ? 0 : 1;
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
  await vite.close();
}
