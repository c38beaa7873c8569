import { at } from "../core/at.ts";
import { DivergedError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { TypedArray } from "../core/tensor.ts";
import { readRows } from "../data/data_source.ts";
import type { Dataset } from "../data/dataset.ts";
import { columnsOf } from "../data/multi_dataset.ts";
import type { Backend, Feeds } from "../graph/backend.ts";
import { gradientsOf } from "../graph/gradients.ts";
import { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { nonFinite } from "../graph/ops/non_finite.ts";
import type { CompiledTraining } from "./compiled_programs.ts";
import type { Batch } from "./dataset_variables.ts";
import { trainerDisposed } from "./disposed.ts";
import type { KeptState } from "./kept_state.ts";
import { layerOf } from "./statistics.ts";
import { orderOf } from "./targets.ts";
import type { StepParts } from "./training_state.ts";
import { addForward, fetchedBatch } from "./training_step.ts";

/** Something of a step that may hold a number that is not finite, and how to say that it does. */
interface Suspect {
  readonly value: Node;
  /** A sentence. */
  readonly says: string;
  readonly layer?: string;
  readonly parameter?: string;
  /** What to do about it, in a sentence, where that is something of its own. */
  readonly advice?: string;
}

/** The step that did not count: how its batch is made, and what is fed to it. */
export interface DivergedStep {
  readonly step: number;
  readonly seed: number;
  readonly classWeight?: readonly number[] | undefined;
  readonly batch: (graph: Graph) => Batch;
  readonly feeds?: Feeds;
  /** Whose images the batch holds, if they were not fed. */
  readonly dataset?: Dataset;
  /** Which these are, −1 in rows that fill up; left out where the device knows. */
  readonly rows?: Int32Array | undefined;
}

const ADVICE = "Lower the learning rate, or check the inputs for values that are not finite.";
/**
 * A finite gradient times a rate of 1e30 may be infinite. The step that writes it cannot leave it out: it counts for all
 * parameters or for none, and only a second pass over all of them would know before the first is written.
 */
const ADVICE_FOR_PARAMETERS =
  "The step before may have written it, with a learning rate that is too large: lower that, and restore a checkpoint or set " +
  "the parameters anew with model.setParameters().";

/**
 * The error of a step that did not count, which says where its first number that is not finite appears: it is done once more,
 * without its effects, by a program that looks at everything in the order in which it is computed.
 */
export async function divergenceOf(backend: Backend, parts: StepParts, where: DivergedStep): Promise<DivergedError> {
  const { step } = where;
  const found = await firstNonFinite(backend, parts, where);
  const begin = `Training diverged at step ${step}, which was not applied`;
  if (found === undefined) {
    return new DivergedError(`${begin}. Its loss or a gradient is not finite. ${ADVICE}`, step);
  }
  const { says, layer, parameter, advice = layer === undefined ? "Correct it, or leave it out." : ADVICE } = found;
  return new DivergedError(`${begin}. ${says.charAt(0).toUpperCase()}${says.slice(1)}. ${advice}`, step, {
    layer,
    parameter,
  });
}

/** The same of the step of a `fit` that a trainer stands at. */
export async function divergenceOfFit(
  backend: Backend,
  kept: KeptState,
  training: CompiledTraining | undefined,
): Promise<DivergedError> {
  if (training === undefined) throw trainerDisposed();
  const { parts, progress, seed } = kept;
  const { dataset, tables, classWeight, stream } = training;
  // The batch of a stream still lies on the device, since its step did not count.
  const batch = (graph: Graph) => fetchedBatch(graph, parts, dataset, training, tables);
  const rows = stream?.rowsOf(progress.cursor);
  return divergenceOf(backend, parts, { batch, dataset, seed, step: progress.steps, classWeight, rows });
}

async function firstNonFinite(
  backend: Backend,
  parts: StepParts,
  where: DivergedStep,
): Promise<Omit<Suspect, "value"> | undefined> {
  const { microBatches } = parts;
  if (microBatches === undefined) return firstOf(backend, parts, where);
  // One after the other, as the step takes them.
  for (let part = 0; part < microBatches.count; part++) {
    const found = await firstOf(backend, parts, where, part);
    if (found) return found;
  }
  return undefined;
}

async function firstOf(
  backend: Backend,
  parts: StepParts,
  where: DivergedStep,
  part?: number,
): Promise<Omit<Suspect, "value"> | undefined> {
  const graph = new Graph();
  const whole = where.batch(graph);
  const own = part === undefined ? undefined : parts.microBatches?.partAt(graph, whole, part, where.seed);
  if (part !== undefined && own === undefined) return undefined;
  const { batch, seed } = own ?? { batch: whole, seed: where.seed };
  const ofData = suspectsOfData(parts, batch);
  const suspects = [...ofData, ...suspectsOfModel(graph, parts, batch, { ...where, seed })];
  const outputs = Object.fromEntries(suspects.map(({ value }, index) => [`${index}`, nonFinite(graph, [value])]));
  const program = await backend.compile(graph, {
    outputs: { ...outputs, ...(batch.rows && !where.rows ? { rows: batch.rows } : {}) },
  });
  try {
    const results = await program.run(where.feeds ?? {});
    const index = suspects.findIndex((_, place) => (results[`${place}`]?.data[0] ?? 0) !== 0);
    if (index < 0) return undefined;
    const isData = index < ofData.length;
    const exactly = isData ? await placeOf(parts, where, where.rows ?? results["rows"]?.data) : undefined;
    return exactly === undefined ? suspects[index] : { says: exactly };
  } finally {
    program.dispose();
  }
}

/** Inputs and targets, as they come. */
function suspectsOfData({ model }: StepParts, { inputs, targets, weights }: Batch): Suspect[] {
  const floats = targets.flatMap((value, index) => (value.dtype === "f32" ? [{ value, index }] : []));
  const named = (names: readonly string[], index: number) => (names.length === 1 ? "" : ` of "${at(names, index)}"`);
  return [
    ...inputs.map((value, index) => ({
      value,
      says: `an image${named(model.inputNames, index)} holds a number that is not finite`,
    })),
    ...floats.map(({ value, index }) => ({
      value,
      says: `the targets${named(model.outputNames, index)} hold a number that is not finite`,
    })),
    ...(weights ? [{ value: weights, says: "a sample weight is not finite" }] : []),
  ];
}

/** Parameters and statistics; then layers forward, the loss, and gradients backward. */
function suspectsOfModel(graph: Graph, parts: StepParts, batch: Batch, where: DivergedStep): Suspect[] {
  const { model } = parts;
  const holds = "holds a number that is not finite";
  const parameters = model.variables.map((variable): Suspect => {
    const { name } = variable;
    const value = graph.variable(variable);
    return { value, says: `"${name}" ${holds}`, layer: layerOf(name), parameter: name, advice: ADVICE_FOR_PARAMETERS };
  });
  const outputs: { name: string; output: Node }[] = [];
  const forward: Suspect[] = [];
  const { loss, updates } = addForward(graph, parts, batch, {
    seed: where.seed,
    classWeight: where.classWeight,
    probe(name, linear, output) {
      const says = `the output of layer "${name}" ${holds}`;
      forward.push({ value: linear, says, layer: name });
      if (output !== linear) forward.push({ value: output, says, layer: name });
      outputs.push({ name, output });
    },
  });
  const statistics = updates.map(({ variable: { name }, value }): Suspect => {
    return { value, says: `the new "${name}" ${holds}`, layer: layerOf(name), parameter: name };
  });
  // A statistic belongs to its layer, before the layers that are fed by it.
  const layered = outputs.flatMap(({ name }) => [
    ...statistics.filter(({ layer }) => layer === name),
    ...forward.filter(({ layer }) => layer === name),
  ]);
  const trained = model.arena.variables;
  const gradients = gradientsOf(graph, loss, [
    ...outputs.map(({ output }) => output),
    ...trained.map((variable) => graph.variable(variable)),
  ]);
  const backward = outputs.map(({ name }, index): Suspect[] => {
    const ofParameters = trained.flatMap((variable, place): Suspect[] => {
      if (layerOf(variable.name) !== name) return [];
      const value = at(gradients, outputs.length + place);
      return [{ value, says: `the gradient of "${variable.name}" ${holds}`, layer: name, parameter: variable.name }];
    });
    const says = `the gradient of the output of layer "${name}" ${holds}`;
    return [{ value: at(gradients, index), says, layer: name }, ...ofParameters];
  });
  const lastLayer = outputs.at(-1)?.name;
  const ofLoss: Suspect = { value: loss, says: "the loss is not finite", ...(lastLayer ? { layer: lastLayer } : {}) };
  return [...parameters, ...layered, ofLoss, ...backward.reverse().flat()];
}

/** These rows of a data set that is read when it is needed; undefined where they are not to be had any more. */
async function inMemory(whole: Dataset, rows: readonly number[]): Promise<Dataset | undefined> {
  const read = await readRows(whole, rows).catch(() => undefined);
  if (read === undefined) return undefined;
  const { images, targets } = read;
  return { ...whole, images, ...(whole.targets && targets ? { targets: { ...whole.targets, data: targets } } : {}) };
}

/** Which image of the data set it is, or which one of those that were fed. */
async function placeOf(
  parts: StepParts,
  { dataset: given, feeds }: DivergedStep,
  taken: TypedArray | undefined,
): Promise<string | undefined> {
  const { model } = parts;
  const numbers = Array.from(taken ?? []).filter((row) => row >= 0);
  const dataset = given?.read ? await inMemory(given, numbers) : given;
  const rows = given?.read ? [...numbers.keys()] : taken;
  const whole = dataset ? "of the data set" : "of the batch";
  const column = (values: ArrayLike<number> | undefined, size: number, noun: string): string | undefined => {
    if (values === undefined) return undefined;
    const all = rows ?? Int32Array.from({ length: values.length / size }, (_, row) => row);
    for (const row of all) {
      if (row < 0) continue;
      for (let place = row * size; place < (row + 1) * size; place++) {
        const value = values[place] ?? 0;
        const number = given?.read ? numbers[row] : row;
        if (!Number.isFinite(value)) return `${noun} ${number} ${whole} ${noun === "image" ? "holds" : "has"} ${value}`;
      }
    }
    return undefined;
  };
  if (dataset === undefined) {
    return model.inputShapes
      .map((shape, index) => column(feeds?.[index === 0 ? "images" : `images ${index}`], sizeOf(shape), "image"))
      .find((found) => found !== undefined);
  }
  const { inputs, outputs } = columnsOf(dataset);
  const order = orderOf(model, dataset);
  const candidates = [
    ...order.inputs.map((place) => {
      const { images, shape } = at(inputs, place);
      return images instanceof Float32Array ? column(images, sizeOf(shape), "image") : undefined;
    }),
    ...order.outputs.map((place) => {
      const { targets } = at(outputs, place);
      return targets && column(targets.data, sizeOf(targets.shape), "the target of image");
    }),
  ];
  return candidates.find((found) => found !== undefined);
}
