import { beforeAll, describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import {
  ArgumentError,
  binaryCrossentropy,
  categoricalCrossentropy,
  huber,
  sparseCategoricalCrossentropy,
} from "../../src/index.ts";
import { rowLosses } from "../../src/nn/late_parts.ts";
import { batchLoss, type LossChoice, resolveLoss } from "../../src/nn/losses.ts";
import { conformance } from "../support/conformance.ts";
import { checkGradients, tensor } from "../support/gradients.ts";
import { LOSS_CASES, lossByHand, targetsFor } from "../support/losses.ts";
import { RandomData } from "../support/random.ts";

const SEED = 90125;
const SHAPES = 20;

beforeAll(() => rowLosses.fetched());

async function compute(build: (graph: Graph) => Node): Promise<number[]> {
  const graph = new Graph();
  const program = await cpu({ precision: "f64" }).compile(graph, { outputs: { y: build(graph) } });
  return [...((await program.run())["y"]?.data ?? [])];
}

/** A shape of outputs: rows, an image of them, or one value a row. */
function outputShape(random: RandomData, least: number): number[] {
  const last = random.integer(least, 5);
  return random.pick([
    [random.integer(1, 5), last],
    [random.integer(1, 3), random.integer(1, 3), random.integer(1, 3), last],
  ]);
}

describe(`losses (seed ${SEED})`, () => {
  for (const [name, one] of Object.entries(LOSS_CASES)) {
    const loss = resolveLoss(one.loss);
    const least = one.targets === "oneHot" ? 2 : 1;

    it(`${name} is its formula in f64, ${SHAPES} random shapes`, async () => {
      const random = new RandomData(SEED);
      for (let index = 0; index < SHAPES; index++) {
        const shape = outputShape(random, least);
        const size = shape.at(-1) as number;
        const count = shape.reduce((a, b) => a * b, 1);
        // Large ones too, where an exponential alone would overflow.
        const outputs = random.normals(count).map((value) => value * random.pick([1, 30]));
        const targets = targetsFor(random, one.targets, count / size, size);
        const [got] = await compute((graph) =>
          batchLoss(graph, loss, graph.constant(outputs, shape), graph.constant(targets, shape), {}),
        );
        const want = lossByHand(one, outputs, targets, size);
        expect(Math.abs((got as number) - want), `${shape}: ${got}, by hand ${want}`).toBeLessThan(
          1e-12 * Math.max(1, Math.abs(want)),
        );
      }
    });

    it(`${name}: its gradient agrees with central differences, ${SHAPES} random shapes`, async () => {
      const random = new RandomData(SEED + 1);
      for (let index = 0; index < SHAPES; index++) {
        const shape = outputShape(random, least);
        const size = shape.at(-1) as number;
        const count = shape.reduce((a, b) => a * b, 1);
        const targets = targetsFor(random, one.targets, count / size, size);
        const mask = Array.from({ length: shape[0] as number }, () => random.integer(-1, 0));
        await checkGradients(
          {
            name: `${shape}`,
            inputs: [tensor(random, shape)],
            build: (graph, [y]) =>
              batchLoss(graph, loss, y as Node, graph.constant(targets, shape), {
                mask: graph.constant(mask, [mask.length], "i32"),
              }),
          },
          random,
        ).catch((error: Error) => {
          throw new Error(`${name} ${shape}: ${error.message}`);
        });
      }
    });
  }

  it("stay exact for logits of any size", async () => {
    const bce = (z: number, t: number) =>
      compute((g) => batchLoss(g, resolveLoss("bce"), g.constant([z], [1, 1]), g.constant([t], [1, 1]), {}));
    expect(await bce(1000, 1)).toEqual([0]);
    expect(await bce(-1000, 1)).toEqual([1000]);
    // −log σ(40) = log(1 + e⁻⁴⁰): the subtraction of two numbers near 40 would leave nothing of it.
    expect((await bce(40, 1))[0]).toBeCloseTo(Math.exp(-40), 30);
  });

  it("smoothed class indices are smoothed one-hot rows, and rows without a label count in nothing", async () => {
    const random = new RandomData(SEED);
    const logits = random.normals(15);
    const labels = [2, -1, 0, -1, 1];
    const run = (loss: LossChoice, targets: (g: Graph) => Node, rows: number[]) =>
      compute((g) =>
        batchLoss(
          g,
          resolveLoss(loss),
          g.constant(
            rows.flatMap((row) => [...logits.subarray(row * 3, row * 3 + 3)]),
            [rows.length, 3],
          ),
          targets(g),
          { mask: rows.length === 5 ? g.constant(labels, [5], "i32") : undefined },
        ),
      );
    const [sparse] = await run(
      sparseCategoricalCrossentropy({ labelSmoothing: 0.1 }),
      (g) => g.constant(labels, [5], "i32"),
      [0, 1, 2, 3, 4],
    );
    const oneHot = [0, 0, 1, 1, 0, 0, 0, 1, 0];
    const [dense] = await run(
      categoricalCrossentropy({ labelSmoothing: 0.1 }),
      (g) => g.constant(oneHot, [3, 3]),
      [0, 2, 4],
    );
    expect(sparse).toBeCloseTo(dense as number, 12);
  });

  it("divide weighted rows by the number of rows that count, as Keras does", async () => {
    const [got] = await compute((g) =>
      batchLoss(g, resolveLoss("mse"), g.constant([1, 2, 3, 9], [4, 1]), g.constant([0, 0, 0, 0], [4, 1]), {
        mask: g.constant([0, 1, 2, -1], [4], "i32"),
        weights: g.constant([1, 0, 2, 5]),
      }),
    );
    expect(got).toBeCloseTo((1 * 1 + 0 * 4 + 2 * 9) / 3, 12);
  });

  it("refuse unknown names and options out of range, and list what there is", () => {
    expect(() => resolveLoss("crossentropy")).toThrow(ArgumentError);
    expect(() => resolveLoss("crossentropy")).toThrow(/"crossentropy".*meanSquaredError.*cosineSimilarity/);
    expect(() => resolveLoss("toString")).toThrow(ArgumentError);
    expect(() => huber({ delta: 0 })).toThrow(/delta/);
    expect(() => binaryCrossentropy({ labelSmoothing: 1 })).toThrow(/labelSmoothing/);
    for (const name of ["mse", "MSE", "mean_squared_error", "meanSquaredError"]) {
      expect(resolveLoss(name).name).toBe("meanSquaredError");
    }
  });
});

interface TorchCase {
  shape: [number, number];
  logits: number[];
  target: number[];
  weight: number[] | null;
  ignoreIndex: number;
  reduction: "mean" | "sum" | "none";
  labelSmoothing: number;
  loss: number[];
  dlogits: number[];
}

/** PyTorch's cross-entropy: class weights inside the sum over classes, a mean that divides by the weights of the rows. */
async function runTorchCase(one: TorchCase): Promise<{ loss: number[]; gradient: number[] }> {
  const [rows, classes] = one.shape;
  const { weight, labelSmoothing: s } = one;
  const kept = one.target.map((target) => target !== one.ignoreIndex);
  const ofClass = (index: number) => weight?.[index] ?? 1;
  const targets = one.target.flatMap((target, row) =>
    Array.from({ length: classes }, (_, index) =>
      kept[row] ? ofClass(index) * ((index === target ? 1 - s : 0) + s / classes) : 0,
    ),
  );
  const divisor = one.target.reduce((sum, target, row) => sum + (kept[row] ? ofClass(target) : 0), 0);
  const graph = new Graph();
  const logits = graph.input("logits", [rows, classes]);
  // Without weights and smoothing by class indices, else by a row of numbers.
  const plain = weight === null && s === 0;
  const labels = plain
    ? graph.constant(
        one.target.map((target, row) => (kept[row] ? target : -1)),
        [rows],
        "i32",
      )
    : graph.constant(targets, [rows, classes]);
  const sparse = resolveLoss(plain ? "sparseCategoricalCrossentropy" : "categoricalCrossentropy");
  const each = sparse.rows(graph, logits, labels);
  const loss =
    one.reduction === "none"
      ? each
      : one.reduction === "sum"
        ? graph.sum(each)
        : plain
          ? batchLoss(graph, sparse, logits, labels, {})
          : graph.div(graph.sum(each), divisor);
  const [gradient] = graph.gradients(one.reduction === "none" ? graph.sum(loss) : loss, [logits]) as [Node];
  const program = await cpu({ precision: "f64" }).compile(graph, { outputs: { loss, gradient } });
  const out = await program.run({ logits: one.logits });
  return { loss: [...out["loss"]!.data], gradient: [...out["gradient"]!.data] };
}

it("PyTorch's cross-entropy: 40 cases with weights, ignored rows and smoothing", async () => {
  const cases = (await conformance("torch/crossentropy.json")) as TorchCase[] | undefined;
  if (cases === undefined) {
    console.log("torch/crossentropy.json: 0 of 40 cases, ../shared/conformance is not here");
    return;
  }
  const failed: string[] = [];
  for (const [index, one] of cases.entries()) {
    const { loss, gradient } = await runTorchCase(one);
    // The file prints nine digits, of logits too: a loss is a difference of two of them.
    const largest = Math.max(1, ...one.logits.map(Math.abs));
    const near = (got: number, want: number, scale: number) => Math.abs(got - want) <= 1e-8 * scale;
    const weights = Math.max(1, ...(one.weight ?? []));
    const scale = largest * weights * (one.reduction === "sum" ? one.shape[0] : 1);
    const right =
      one.loss.every((want, i) => near(loss[i] as number, want, scale)) &&
      one.dlogits.every((want, i) => near(gradient[i] as number, want, largest * weights));
    if (!right) failed.push(`${index}: ${JSON.stringify({ ...one, logits: undefined, got: { loss, gradient } })}`);
  }
  console.log(`torch/crossentropy.json: ${cases.length - failed.length} of ${cases.length} cases`);
  expect(failed).toEqual([]);
  expect(cases).toHaveLength(40);
});
