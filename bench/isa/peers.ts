/** The kernels that other engines launch for a job, as a page of Chromium sees them. */
import { type Job, jobName } from "../jobs.ts";
import { serveBench } from "../open_page.ts";
import type { Launched } from "../page/kernels.ts";
import type { EngineName } from "../page/main.ts";

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
