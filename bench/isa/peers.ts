/** The kernels that other engines launch for a job, as a page of Chromium sees them. */
import { type Job, jobName } from "../jobs.ts";
import { serveBench } from "../open_page.ts";
import type { Launched } from "../page/kernels.ts";
import type { EngineName } from "../page/main.ts";
import { threadsOf } from "./model.ts";

/** Of each engine what its third time of doing the job launches, in order. */
export async function peerKernels(engines: readonly EngineName[], job: Job): Promise<Map<EngineName, Launched[]>> {
  const found = new Map<EngineName, Launched[]>();
  if (engines.length === 0) return found;
  const server = await serveBench();
  try {
    for (const engine of engines) {
      const { browser, page } = await server.open();
      const launched = await page.evaluate(([who, what]) => globalThis.bench.kernels(who, what), [
        engine,
        job,
      ] as const);
      await browser.close();
      if (launched.length === 0) throw new Error(`${engine} launched nothing for ${jobName(job)}`);
      // Those that hardly work and have no name of their own are told by their place.
      found.set(
        engine,
        launched.map((one, place) => ({ ...one, label: `${String(place).padStart(2, "0")} ${one.label}`.trim() })),
      );
    }
  } finally {
    await server.close();
  }
  return found;
}

/** Products that are added in a sum that is written out, not those of indices. */
function productsOf(sum: string): number {
  let depth = 0;
  let products = 0;
  for (const sign of sum) {
    if (sign === "(" || sign === "[") depth++;
    else if (sign === ")" || sign === "]") depth--;
    else if (sign === "*" && depth === 0) products++;
  }
  return products;
}

/**
 * Floating-point operations of a kernel of jax-js, a multiply-add as two: of its one loop, which adds products to `acc0`, `acc1` …
 * and runs as often as its text says.
 */
export function flopsOfJaxJs(wgsl: string, workgroups: number): number {
  const [, turns, body] = /for \(var \w+: i32 = 0; \w+ < (\d+); \w+\+\+\) \{\n([\s\S]*?)\n {2}\}/.exec(wgsl) ?? [];
  if (turns === undefined || body === undefined) return 0;
  const sums = [...body.matchAll(/^ *acc\d+ \+= (.*);$/gm)].map(([, sum]) => sum ?? "");
  const products = sums.reduce((all, sum) => all + productsOf(sum), 0);
  return 2 * workgroups * threadsOf(wgsl) * Number(turns) * products;
}
