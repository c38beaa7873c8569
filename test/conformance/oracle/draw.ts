/** Random networks for PyTorch to judge: everything about one follows from its seed. */
import { ArgumentError, ShapeError } from "../../../src/core/errors.ts";
import type { Model, SymbolicTensor } from "../../../src/index.ts";
import * as corteza from "../../../src/index.ts";
import { RandomData } from "../../support/random.ts";
import { drawGoal, drawTask, type Task } from "./draw_goals.ts";
import { Builder, SMOOTH } from "./draw_layers.ts";
import { drawOptimizer } from "./draw_optimizer.ts";
import { base64, type Question, type Source } from "./question.ts";

/** Values of an image, and of its whole batch: a network has a dozen such tensors. */
const MOST_VALUES = 1200;
const MOST_PARAMETERS = 2500;
const STEPS = 20;

/** Tries until a drawing has shapes that fit and is small enough. */
function attempt<T>(draw: () => T | undefined): T {
  for (;;) {
    try {
      const drawn = draw();
      if (drawn !== undefined) return drawn;
    } catch (error) {
      // A kernel larger than its image, or nothing left after cropping: drawn again.
      if (!(error instanceof ShapeError || error instanceof ArgumentError)) throw error;
    }
  }
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

/** One output more: its last layer, on a tensor of the network. */
function drawOutput(builder: Builder, task: Task, x: SymbolicTensor, facts?: SymbolicTensor): SymbolicTensor {
  const { random } = builder;
  if (task.targets !== "labels" && facts === undefined && builder.chance(0.3)) {
    const filters = random.integer(task.leastUnits, Math.max(task.leastUnits, 3));
    return corteza.conv2d({ filters, kernelSize: 1, activation: task.last })(x);
  }
  let y = builder.vector(x);
  if (facts) y = corteza.concatenate()([y, facts]);
  if (builder.chance(0.4)) y = corteza.dense({ units: random.integer(2, 12), activation: builder.activation() })(y);
  else if (builder.chance(0.3)) {
    y = corteza.dense({ units: random.integer(6, 12), useBias: false })(y);
    y = builder.activationLayer(builder.normalization(y, false));
  }
  return corteza.dense({ units: random.integer(task.leastUnits, 10), activation: task.last })(y);
}

function drawModel(random: RandomData, tasks: readonly Task[], seed: number): Model {
  const builder = new Builder(random);
  const [height, width] = builder.pair(4, 11);
  const image = corteza.input([height, width, random.pick([1, 2, 3, 3, 4, 5])]);
  const inputs = [image];
  let x = image;
  const second = random.pick(["none", "none", "none", "image", "facts"] as const);
  let facts: SymbolicTensor | undefined;
  if (second === "image") {
    const other = corteza.input([height, width, random.integer(1, 2)]);
    inputs.push(other);
    x = corteza.concatenate()([image, other]);
  } else if (second === "facts") {
    const other = corteza.input([random.integer(2, 6)]);
    inputs.push(other);
    facts = corteza.dense({ units: random.integer(2, 5), activation: random.pick(SMOOTH) })(other);
  }
  x = builder.convolution(x, { activation: builder.activation() });
  const stages = [x];
  for (let left = random.integer(1, 4); left > 0; left--) {
    const from = x;
    x = attempt(() => {
      const y = builder.block(from);
      return y.shape.length === 3 && sizeOf(y.shape) <= MOST_VALUES ? y : undefined;
    });
    stages.push(x);
  }
  const outputs = tasks.map((task, index) =>
    index === 0 ? drawOutput(builder, task, x, facts) : drawOutput(builder, task, random.pick(stages)),
  );
  return corteza.model({ inputs, outputs, seed });
}

/** Weights as the model draws them; biases, scales and statistics, which begin as zeros and ones, moved from there. */
function drawParameters(random: RandomData, model: Model): Question["parameters"] {
  return Object.fromEntries(
    [...model.parameters].map(([name, { shape, data }]) => {
      const moved = random.normals(data.length).map((noise, i) => {
        if (name.endsWith("kernel")) return data[i] as number;
        if (name.endsWith("moving_variance")) return 1 + 0.5 * Math.abs(noise);
        return (data[i] as number) + 0.2 * noise;
      });
      return [name, { shape, data: base64(moved) }];
    }),
  );
}

function functionalConfig(model: Model): Question["model"] {
  const config = model.toJSON();
  if (config.kind !== "functional") throw new RangeError("the drawn model is no functional one");
  return config;
}

/** Whole numbers from 0 to 255 around 128. */
function pixels(normals: Float64Array): Float64Array {
  return normals.map((value) => Math.min(Math.max(Math.round(128 + 48 * value), 0), 255));
}

function drawSource(random: RandomData, rows: number, shape: readonly number[], asBytes: boolean): Source {
  const values = random.normals(rows * sizeOf(shape));
  return asBytes ? { images: base64(pixels(values)), bytes: true } : { images: base64(values) };
}

/** The network of a seed. */
export function drawQuestion(seed: number): Question {
  const random = new RandomData(seed);
  const chance = (share: number) => random.uniform() < share;
  const tasks = Array.from({ length: chance(0.25) ? 2 : 1 }, () => drawTask(random));
  const model = attempt(() => {
    const drawn = drawModel(random, tasks, random.integer(1, 1e6));
    return drawn.arena.size <= MOST_PARAMETERS ? drawn : undefined;
  });
  const batch = random.integer(1, 9);
  // Two or three batches, the last of them full or not.
  const rows = batch * random.integer(1, 2) + random.integer(1, batch);
  const { inputShapes, outputShapes } = model;
  const feed = random.pick(["fit", "batches"] as const);
  const goals = tasks.map((task, index) => drawGoal(random, task, rows, outputShapes[index] ?? []));
  const weighted = feed === "fit" ? random.pick(["no", "no", "samples", "classes"] as const) : "no";
  const weight = () => random.integer(1, 8) / 4;
  return {
    seed,
    model: functionalConfig(model),
    sources: inputShapes.map((shape) => drawSource(random, rows, shape, feed === "fit" && chance(0.25))),
    goals,
    parameters: drawParameters(random, model),
    optimizer: drawOptimizer(random, STEPS),
    ...{ steps: STEPS, batch, rows, feed },
    ...(weighted === "samples" ? { sampleWeights: Array.from({ length: rows }, weight) } : {}),
    ...(weighted === "classes" && goals.length === 1 && goals[0]?.labels
      ? { classWeight: Array.from({ length: model.outputShape[0] ?? 1 }, weight) }
      : {}),
    ...(chance(0.2) ? { recompute: true } : {}),
  };
}

/** A network in a few lines, for the report of a failure. */
export function describeQuestion(question: Question): string {
  const { seed, model, sources, goals, optimizer, batch, rows, feed, recompute, sampleWeights, classWeight } = question;
  const layers = model.layers.map(({ name, options }) => `${name} ${JSON.stringify(options)}`);
  const inputs = model.inputs.map(({ shape }, i) => `${JSON.stringify(shape)}${sources[i]?.bytes ? " bytes" : ""}`);
  const ways = [feed === "fit" ? "fit" : "trainOnBatch", ...(recompute ? ["recomputing"] : [])];
  const weights = [...(sampleWeights ? ["sample weights"] : []), ...(classWeight ? ["class weights"] : [])];
  return [
    `seed ${seed}, inputs ${inputs.join(", ")}`,
    ...layers,
    `tensors ${model.calls.map(({ layer, inputs }) => `${layer}(${inputs})`).join(" ")}`,
    ...goals.map(
      ({ loss, folded, weight }, i) =>
        `output ${model.outputs[i]}: loss ${JSON.stringify(loss)} times ${weight}${folded ? `, ${folded} folded` : ""}`,
    ),
    `optimizer ${optimizer.name} ${JSON.stringify(optimizer.options)}, rate ${JSON.stringify(optimizer.rate)}`,
    `batch ${batch} of ${rows} rows, by ${[...ways, ...weights].join(", ")}`,
  ].join("\n    ");
}
