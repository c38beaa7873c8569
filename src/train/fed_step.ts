import type { Tensor } from "../core/tensor.ts";
import { recordedMetricValues } from "../nn/metrics/totals.ts";
import type { CompiledPrograms } from "./compiled_programs.ts";
import type { fedBatch } from "./fed_batch.ts";
import type { KeptState } from "./kept_state.ts";
import { RING_STEPS, type Totals } from "./step_record.ts";

/**
 * One step on a batch that is fed: its totals, and its metrics by name. Its loss is not finite where the device did not count
 * it; the host then does not either.
 */
export async function takeFedStep(
  kept: KeptState,
  programs: CompiledPrograms,
  { feeds, targetShapes }: ReturnType<typeof fedBatch>,
): Promise<{ totals: Totals; metrics: Record<string, number> }> {
  const { parts, batchSize, seed, progress } = kept;
  const { program, inputs } = await programs.feeding(parts, batchSize, { targetShapes, seed });
  await kept.ready();
  const taken = Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.has(name)));
  const { steps: step } = progress;
  const submission = program.enqueue({ feeds: taken, read: [parts.state.ring] });
  kept.submitted(1);
  const [ring] = await submission;
  const { record, metrics, model } = parts;
  const totals = record.totals(ring as Tensor, RING_STEPS, step, step + 1);
  if (!Number.isFinite(totals.loss)) progress.steps = step;
  const counts = record.rest(ring as Tensor, RING_STEPS, step);
  return { totals, metrics: recordedMetricValues(metrics, model.outputShape, { ...totals, counts }) };
}
