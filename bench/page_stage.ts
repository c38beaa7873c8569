import type { Page } from "playwright";
import type { Stage } from "./stage.ts";

/** The page as a stage: `bench/page/main.ts` at the other end. */
export function pageStage(page: Page): Stage {
  return {
    open: (engine, job) => page.evaluate(([who, what]) => globalThis.bench.open(who, what), [engine, job] as const),
    run: (handle, times) => page.evaluate(([own, n]) => globalThis.bench.run(own, n), [handle, times] as const),
    runSingly: (handle, times) =>
      page.evaluate(([own, n]) => globalThis.bench.runSingly(own, n), [handle, times] as const),
    values: (handle) => page.evaluate((own) => globalThis.bench.values(own), handle),
    settled: (handle) => page.evaluate((own) => globalThis.bench.settled(own), handle),
    planned: (handle) => page.evaluate((own) => globalThis.bench.planned(own), handle),
    profile: (handle) => page.evaluate((own) => globalThis.bench.profile(own), handle),
    close: (handle) => page.evaluate((own) => globalThis.bench.close(own), handle),
  };
}
