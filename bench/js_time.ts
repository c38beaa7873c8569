import type { Page } from "playwright";
import { type Entrant, enter } from "./heat.ts";
import type { Report } from "./report.ts";
import { rowOf, spread } from "./rows.ts";
import type { Stage } from "./stage.ts";

/** Steps of one measurement, and how many measurements. */
const JS_STEPS = 40;
const JS_ROUNDS = 3;
const WARMUPS = 3;

/**
 * What a training step costs the page's main thread, in two measures. For us, the time inside `program.enqueue()`, which
 * encodes and submits; its median over many steps, since another program may take the core away in any one. For everyone,
 * the processor time of the thread with everything in it: library, bindings, promises, messages from the GPU process and
 * Chromium's own tasks. Chromium counts that itself (DevTools' TaskDuration in the thread's own ticks). The batch is 1:
 * the thread's work is the same for any, and the GPU is soon done. Each of our steps is a submission of its own here; a
 * trainer puts several into one where steps are short.
 */
export async function jsTime(
  page: Page,
  stage: Stage,
  report: Report,
  entrants: readonly Entrant[],
  name: string,
): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const taskSeconds = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find((metric) => metric.name === "TaskDuration")?.value ?? Number.NaN;
  };
  const lines = [["engine", "inside enqueue, ms (min–max)", "main thread, ms (min–max)"]];
  for (const entrant of entrants) {
    const runner = await enter(stage, report, entrant, undefined, WARMUPS);
    if (runner === undefined) continue;
    const inside: number[] = [];
    const whole: number[] = [];
    for (let round = 0; round < JS_ROUNDS; round++) {
      const before = await taskSeconds();
      const times = await page.evaluate(([handle, steps]) => globalThis.bench.runSingly(handle, steps), [
        runner.handle,
        JS_STEPS,
      ] as const);
      whole.push((((await taskSeconds()) - before) * 1000) / JS_STEPS);
      inside.push(...times);
    }
    await stage.close(runner.handle);
    const row = rowOf(name, entrant.engine, "main thread ms", whole);
    const enqueue = inside.length > 0 ? rowOf(name, entrant.engine, "JS ms", inside) : undefined;
    report.rows.push(row, ...(enqueue ? [enqueue] : []));
    lines.push([entrant.engine, spread(enqueue), spread(row)]);
  }
  await session.detach();
  report.table("JS time of a training step", lines);
}
