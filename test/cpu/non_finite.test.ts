import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import { Arena, type Node, Variable } from "../../src/graph/node.ts";
import { stateArenas } from "../../src/graph/update_rule.ts";
import { Graph } from "../../src/graph.ts";
import { learningRateTable } from "../../src/train/learning_rates.ts";
import { GRADIENT_CASES } from "../support/gradient_cases/index.ts";
import { differentiatedOps, type GradientCase } from "../support/gradients.ts";
import { allOps } from "../support/op_registry.ts";
import { optimizersOfEachKind } from "../support/optimizer_rules.ts";
import { RandomData } from "../support/random.ts";

const SEED = 20261125;
const SHAPES = 5;
const NAN = Number.NaN;
const INF = Number.POSITIVE_INFINITY;

/** Its values are whole numbers, in which NaN has no place; a test below says what becomes of it. */
const WHOLE = "casts and comparisons, whose slope is 0";

async function valuesOf(build: (graph: Graph) => Node): Promise<number[]> {
  const graph = new Graph();
  const program = await cpu().compile(graph, { outputs: { y: build(graph) } });
  return [...((await program.run())["y"]?.data ?? [])];
}

/** The result with one element of one input moved by `by`. */
async function moved({ inputs, build }: GradientCase, input: number, element: number, by: number): Promise<number[]> {
  return valuesOf((graph) => {
    const nodes = inputs.map(({ shape, values }, index) => {
      const fed = values.slice();
      if (index === input) fed[element] = (fed[element] as number) + by;
      return graph.constant(fed, shape);
    });
    return build(graph, nodes);
  });
}

describe(`one NaN among the inputs (seed ${SEED})`, () => {
  const families = Object.entries(GRADIENT_CASES).filter(([name]) => name !== WHOLE);
  it.each(families)("%s: reaches every value that depends on it", async (op, make) => {
    const random = new RandomData(SEED);
    for (let shape = 0; shape < SHAPES; shape++) {
      const one = make(random);
      const input = random.integer(0, one.inputs.length - 1);
      const element = random.integer(0, (one.inputs[input]?.values.length ?? 1) - 1);
      const [before, after, spoilt] = await Promise.all([0, 0.37, NAN].map((by) => moved(one, input, element, by)));
      after?.forEach((value, place) => {
        const depends = value !== before?.[place];
        const where = `${op} ${one.name}: value ${place}, NaN in element ${element} of input ${input}`;
        if (depends) expect(spoilt?.[place], where).toBeNaN();
      });
    }
  });

  it("is tried on every op that computes with numbers", async () => {
    const tried = new Set<string>();
    for (const [, make] of families) {
      const random = new RandomData(SEED);
      for (let shape = 0; shape < SHAPES; shape++) for (const op of differentiatedOps(make(random))) tried.add(op);
    }
    const others = new Set([...OWN_TESTS, ...WITHOUT_FLOATS]);
    const missing = [...allOps().keys()].filter((name) => !tried.has(name) && !others.has(name));
    expect(missing).toEqual([]);
  });
});

/** Ops whose tests stand below, or in ops.test.ts: where NaN goes is not a matter of which values depend on it. */
const OWN_TESTS = [
  ...["argmax", "cast", "countCorrect", "equal", "less", "lessOrEqual", "maxGradient", "maxPool2dGradient"],
  ...["nonFinite", "normConstraint", "optimizerUpdate", "powBaseDerivative", "powExponentDerivative"],
  ...["batchNormGammaGradient", "batchNormInputGradient", "softmaxCrossEntropyGradient", "augmentImages"],
  ...["mixImages", "gatherPart"],
];
/** Ops of whole numbers, and records of what others computed. */
const WITHOUT_FLOATS = [
  "batchRows",
  "confusionMatrix",
  "finishStep",
  "mixingPlan",
  "oneHot",
  "recordStep",
  "stopGradient",
];

/** The gradient of Σ f(x) by x at these values. */
const slope = (values: readonly number[], f: (graph: Graph, x: Node) => Node) =>
  valuesOf((graph) => {
    const x = graph.constant(values);
    return graph.gradients(graph.sum(f(graph, x)), [x])[0] as Node;
  });

describe("NaN", () => {
  it("is the largest to argmax, the first of several, as to a maximum", async () => {
    const rows = [NAN, 5, 9, 1, NAN, NAN, 5, 9, NAN];
    expect(await valuesOf((g) => g.argmax(g.constant(rows, [3, 3])))).toEqual([0, 1, 2]);
    expect(await valuesOf((g) => g.max(g.constant(rows, [3, 3]), 1))).toEqual([NAN, NAN, NAN]);
    const labels = (g: Graph) => g.constant([0, 2, 2], [3], "i32");
    expect(await valuesOf((g) => g.countCorrect(g.constant(rows, [3, 3]), labels(g)))).toEqual([2, 3]);
  });

  it("becomes 0 as a whole number, true as a truth value, and equals nothing", async () => {
    expect(await valuesOf((g) => g.cast(g.constant([NAN]), "i32"))).toEqual([0]);
    expect(await valuesOf((g) => g.cast(g.constant([NAN]), "bool"))).toEqual([1]);
    for (const op of ["equal", "greater", "greaterOrEqual", "less", "lessOrEqual"] as const) {
      expect(await valuesOf((g) => g[op](g.constant([NAN]), NAN)), op).toEqual([0]);
    }
  });

  it("is the slope of a power of NaN, towards base and exponent", async () => {
    expect(await slope([NAN], (g, x) => g.pow(x, g.constant([2])))).toEqual([NAN]);
    expect(await slope([NAN], (g, x) => g.pow(g.constant([2]), x))).toEqual([NAN]);
  });

  it("spoils the gradients of its batch's normalisation in its channel, and of its row's cross-entropy", async () => {
    const gradients = await valuesOf((g) => {
      const x = g.constant([NAN, 1, 2, 3, 4, 5], [3, 2]);
      const y = g.batchNorm(x, g.constant([1, 1]), g.constant([0, 0]), {});
      const [dx, dgamma] = g.gradients(g.sum(g.mul(y, y)), [x, g.constant([1, 1])]) as [Node, Node];
      return g.concat([g.reshape(dx, [6]), dgamma], 0);
    });
    expect(gradients.slice(0, 6).map(Number.isNaN)).toEqual([true, false, true, false, true, false]);
    const dgamma = await valuesOf((g) => {
      const [x, gamma] = [g.constant([NAN, 1, 2, 3, 4, 5], [3, 2]), g.constant([1, 1])];
      const y = g.batchNorm(x, gamma, g.constant([0, 0]), {});
      return g.gradients(g.sum(g.mul(y, y)), [gamma])[0] as Node;
    });
    expect(dgamma.map(Number.isNaN)).toEqual([true, false]);
    const dlogits = await valuesOf((g) => {
      const logits = g.constant([1, NAN, 1, 2], [2, 2]);
      return g.gradients(g.softmaxCrossEntropy(logits, g.constant([0, 1], [2], "i32")), [logits])[0] as Node;
    });
    expect(dlogits.map(Number.isNaN)).toEqual([true, true, false, false]);
  });

  it("stays where an augmentation reads it", async () => {
    const images = new Float64Array(9).fill(1);
    images[4] = NAN;
    const still = { shift: 0, rotate: 0, zoom: 0, shear: 0, seed: 1 };
    const moved = (g: Graph) => g.randomAffine(g.constant(images, [1, 3, 3, 1]), g.constant(0, [], "u32"), still);
    expect((await valuesOf(moved))[4]).toBeNaN();
  });

  it("is counted, with the infinities", async () => {
    const found = (g: Graph) => g.nonFinite([g.constant([1, NAN, 2]), g.constant([INF, -INF])]);
    expect(await valuesOf(found)).toEqual([3]);
  });

  it("in a weight outlives a constraint on the norm it belongs to", async () => {
    const weights = new Variable({ name: "w", shape: [2, 2], initial: Float32Array.of(NAN, 3, 1, 4) });
    const graph = new Graph();
    graph.normConstraint(weights, { axes: [0], minValue: 0, maxValue: 1, rate: 1 });
    const program = await cpu().compile(graph, { outputs: {} });
    const [after] = await program.enqueue({ steps: 1, read: [weights] });
    expect([...(after?.data ?? [])].map(Number.isNaN)).toEqual([true, false, true, false]);
  });

  it.each(optimizersOfEachKind)("in a gradient makes NaN of its weight: %s", async (_, { rule }) => {
    const parameters = new Arena("parameters", [{ name: "w", shape: [2], initial: Float32Array.of(1, 1) }]);
    const graph = new Graph();
    const step = graph.variable(new Variable({ name: "step", shape: [], dtype: "u32" }));
    const table = graph.variable(new Variable({ name: "rate", shape: [16, 8], initial: learningRateTable(0.1) }));
    const gradient = graph.constant([0.5, NAN]);
    graph.optimizerUpdate(step, table, [gradient], { rule, parameters, state: stateArenas(rule, parameters) });
    const program = await cpu().compile(graph, { outputs: {} });
    const [after] = await program.enqueue({ steps: 1, read: parameters.variables });
    expect(after?.data[1]).toBeNaN();
  });
});

type Row = readonly [name: string, build: (graph: Graph) => Node, expected: readonly number[]];

describe("infinity", () => {
  const row = (g: Graph, ...values: number[]) => g.constant(values);
  const image = (g: Graph, ...values: number[]) => g.constant(values, [1, 1, values.length, 1]);
  it.each<Row>([
    ["∞ − ∞", (g) => g.sub(row(g, INF), INF), [NAN]],
    ["∞ + a number", (g) => g.add(row(g, INF, -INF), 5), [INF, -INF]],
    ["0 · ∞", (g) => g.mul(row(g, 0, 2, -2), INF), [NAN, INF, -INF]],
    ["divided by 0", (g) => g.div(row(g, 1, -1, 0), 0), [INF, -INF, NAN]],
    ["divided by ∞", (g) => g.div(row(g, 3, INF), INF), [0, NAN]],
    ["exp", (g) => g.exp(row(g, INF, -INF, 1000)), [INF, 0, INF]],
    ["log", (g) => g.log(row(g, INF, 0, -1)), [INF, -INF, NAN]],
    ["sqrt", (g) => g.sqrt(row(g, INF, -1)), [INF, NAN]],
    ["neg", (g) => g.neg(row(g, INF, -INF)), [-INF, INF]],
    ["relu", (g) => g.relu(row(g, INF, -INF)), [INF, 0]],
    ["clip", (g) => g.clip(row(g, INF, -INF), -1, 2), [2, -1]],
    ["prelu of slope 0", (g) => g.prelu(row(g, INF, -INF), row(g, 0, 0)), [INF, NAN]],
    ["pow", (g) => g.pow(row(g, INF, 0, 1), row(g, -1, -1, INF)), [0, INF, 1]],
    ["sum and mean", (g) => g.add(g.sum(row(g, INF, 1)), g.mean(row(g, INF, 2))), [INF]],
    ["sum of both", (g) => g.sum(row(g, INF, -INF)), [NAN]],
    ["max, min and product", (g) => g.max(g.concat([row(g, -INF, -INF)], 0)), [-INF]],
    ["min", (g) => g.min(row(g, INF, INF)), [INF]],
    ["product", (g) => g.product(row(g, INF, 0)), [NAN]],
    ["maximum", (g) => g.maximum(row(g, INF, -INF), row(g, 1, 1)), [INF, 1]],
    ["minimum", (g) => g.minimum(row(g, INF, -INF), row(g, 1, 1)), [1, -INF]],
    ["comparisons", (g) => g.less(row(g, -INF, INF, INF), row(g, INF, INF, 1)), [1, 0, 0]],
    ["where", (g) => g.where(g.constant([1, 0], [2], "u32"), row(g, INF, INF), row(g, 0, -INF)), [INF, -INF]],
    ["cast", (g) => g.cast(row(g, INF, -INF), "i32"), [2147483520, -2147483648]],
    ["argmax", (g) => g.argmax(g.constant([1, INF, INF, -INF, -INF, -INF], [2, 3])), [1, 0]],
    ["softmax of −∞", (g) => g.softmax(row(g, -INF, 0)), [0, 1]],
    ["softmax of ∞", (g) => g.softmax(row(g, INF, 0)), [NAN, NAN]],
    ["softmax of −∞ alone", (g) => g.softmax(row(g, -INF, -INF)), [NAN, NAN]],
    ["logSoftmax", (g) => g.logSoftmax(row(g, -INF, 0)), [-INF, 0]],
    [
      "cross-entropy of an impossible label",
      (g) => g.softmaxCrossEntropy(g.constant([-INF, 0], [1, 2]), g.constant([0], [1], "i32")),
      [INF],
    ],
    [
      "cross-entropy, an impossible class that is not the label",
      (g) => g.softmaxCrossEntropy(g.constant([-INF, 0], [1, 2]), g.constant([1], [1], "i32")),
      [0],
    ],
    ["matmul, 0 · ∞", (g) => g.matmul(g.constant([INF, 1], [1, 2]), g.constant([0, 2, 1, 1], [2, 2])), [NAN, INF]],
    [
      "convolution, 0 · ∞",
      (g) => g.conv2d(image(g, 1, INF, 1), g.constant([0, 2], [1, 1, 1, 2])),
      [0, 2, NAN, INF, 0, 2],
    ],
    ["max-pool", (g) => g.maxPool2d(image(g, -INF, -INF, INF, 1), { size: [1, 2] }), [-INF, INF]],
    ["average pool", (g) => g.avgPool2d(image(g, INF, -INF, INF, 1), { size: [1, 2] }), [NAN, INF]],
    ["global pools", (g) => g.add(g.globalAvgPool2d(image(g, INF, 1)), g.globalMaxPool2d(image(g, 1, 1))), [INF]],
    [
      "batch norm by the batch's statistics",
      (g) => g.batchNorm(g.constant([INF, 1], [2, 1]), row(g, 1), row(g, 0), {}),
      [NAN, NAN],
    ],
    [
      "batch norm by given statistics",
      (g) =>
        g.batchNorm(g.constant([INF, 1], [2, 1]), row(g, 1), row(g, 0), { mean: row(g, 1), variance: row(g, INF) }),
      [NAN, 0],
    ],
    ["layer norm", (g) => g.layerNorm(g.constant([INF, 1, 1, 1], [2, 2])), [NAN, NAN, 0, 0]],
    ["moving average", (g) => g.movingAverage(row(g, INF, 1), row(g, 0, -INF), 0.9), [INF, -INF]],
    ["upsampling", (g) => g.upsample2d(image(g, INF, 1), { size: [1, 2] }), [INF, INF, 1, 1]],
    [
      "copies: transpose, reshape, pad, slice, gather, broadcast",
      (g) => {
        const turned = g.transpose(
          g.pad(g.constant([INF, 1], [1, 2]), [
            [0, 0],
            [0, 1],
          ]),
          [1, 0],
        );
        const rows = g.gatherRows(turned, g.constant([0, 2], [2], "i32"));
        return g.slice(g.reshape(g.broadcastTo(rows, [2, 2]), [4]), [0], [3]);
      },
      [INF, INF, 0],
    ],
  ])("%s", async (_, build, expected) => {
    expect(await valuesOf(build)).toEqual(expected);
  });
});
