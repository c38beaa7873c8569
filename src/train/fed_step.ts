import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { Graph } from "../graph/graph.ts";
import { isOp } from "../graph/op.ts";
import { neededNodes } from "../graph/schedule.ts";
import type { CompiledPrograms, FedProgram } from "./compiled_programs.ts";
import type { Batch } from "./dataset_variables.ts";
import { type FedBatch, fedNames } from "./fed_batch.ts";
import type { KeptState } from "./kept_state.ts";
import { RING_STEPS, type Totals } from "./step_record.ts";
import type { StepParts } from "./training_state.ts";
import { addTrainingStep, halfLayers, orLargestBatch } from "./training_step.ts";

/**
 * The batch that `fedBatch` feeds: images [batch, …] of each input, and of each output class labels, i32 [batch], or targets,
 * f32 [batch, …]; without labels also `mask`, i32 [batch], negative in rows that do not count.
 */
export function fedBatchOf(
  graph: Graph,
  { model }: Pick<StepParts, "model">,
  batch: number,
  targetShapes: readonly (Shape | undefined)[],
): Batch {
  const inputs = model.inputShapes.map((shape, i) => graph.input(fedNames(i).images, [batch, ...shape]));
  const targets = targetShapes.map((shape, i) => {
    const { targets: name } = fedNames(i);
    return shape ? graph.input(name, [batch, ...shape]) : graph.input(name, [batch], "i32");
  });
  const mask = targets.find(({ dtype }) => dtype === "i32") ?? graph.input("mask", [batch], "i32");
  return { inputs, floats: inputs, targets, mask, weights: undefined, rows: undefined };
}

/** A training step on what `fedBatch` feeds. */
function compileFedTraining(
  backend: Backend,
  parts: StepParts,
  batch: number,
  { targetShapes, seed }: { targetShapes: readonly (Shape | undefined)[]; seed: number },
): FedProgram<Promise<Program>> {
  const graph = new Graph();
  // The counts are of the epoch of a fit, to which this step does not belong.
  addTrainingStep(graph, parts, fedBatchOf(graph, parts, batch, targetShapes), [parts.state.step], { seed }, new Map());
  const inputs = neededNodes(graph, []).flatMap((node) => (isOp(node, "input") ? [node.attributes.name] : []));
  const options = { targetShapes, seed };
  const program = orLargestBatch(
    backend.compile(graph, { outputs: {}, ...halfLayers(parts) }),
    backend,
    batch,
    async (probe, size) => ({ program: await compileFedTraining(probe, parts, size, options).program }),
  );
  return { program, inputs: new Set(inputs) };
}

/**
 * One step on a batch that is fed: its totals, and its metrics by name. Its loss is not finite where the device did not count
 * it; the host then does not either.
 */
export async function takeFedStep(
  kept: KeptState,
  programs: CompiledPrograms,
  { feeds, targetShapes }: FedBatch,
): Promise<{ totals: Totals; metrics: Record<string, number> }> {
  const { parts, batchSize, seed, progress } = kept;
  const { program, inputs } = await programs.feeding(targetShapes, (backend) =>
    compileFedTraining(backend, parts, batchSize, { targetShapes, seed }),
  );
  await kept.ready();
  const taken = Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.has(name)));
  const { steps: step } = progress;
  const submission = program.enqueue({ feeds: taken, read: [parts.state.ring] });
  kept.submitted(1);
  const [ring] = await submission;
  const { record, measures } = parts;
  const totals = record.totals(ring as Tensor, RING_STEPS, step, step + 1);
  if (!Number.isFinite(totals.loss)) progress.steps = step;
  const counts = record.rest(ring as Tensor, RING_STEPS, step);
  return { totals, metrics: measures.ofStep(totals, counts) };
}
