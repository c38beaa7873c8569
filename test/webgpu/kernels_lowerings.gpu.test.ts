import { describe, expect, test } from "vitest";
import type { DType } from "../../src/core/tensor.ts";
import { cpu } from "../../src/cpu/backend.ts";
import { type Node, Operands, Variable } from "../../src/graph/node.ts";
import { powBaseDerivativeOp, powExponentDerivativeOp, preluDerivativeOp } from "../../src/graph/ops/binary.ts";
import { gatherPartOp } from "../../src/graph/ops/gather_part.ts";
import { standardizeOp } from "../../src/graph/ops/normalization.ts";
import { pointwiseOps } from "../../src/graph/ops/pointwise.ts";
import { pointwiseFunctions } from "../../src/graph/pointwise_functions.ts";
import { Graph } from "../../src/graph.ts";
import type { KernelSpec } from "../../src/webgpu/kernel.ts";
import { type Emitter, type Value, valuesInOrder } from "../../src/webgpu/lowering.ts";
import { openDevice } from "../support/device.ts";
import { lowerings } from "../support/kernels.ts";
import { runKernel } from "../support/run_kernel.ts";
import { expectNear, traitsOfEachKind } from "./kernels_support.ts";

const device = await openDevice();

type Data = Float32Array | Int32Array | Uint32Array;

function emptyData({ dtype, size }: Value): Data {
  if (dtype === "u8") return new Uint32Array(Math.ceil(size / 4));
  return dtype === "f32" ? new Float32Array(size) : dtype === "i32" ? new Int32Array(size) : new Uint32Array(size);
}

const tested = new Set<string>();

/**
 * Lowers one node by itself and runs its dispatches. `targets` are what the variables that an effect writes hold: they are
 * changed in place.
 */
async function run(node: Node, inputs: readonly Data[], targets: readonly Data[] = []): Promise<Data> {
  const entry = lowerings.find((candidate) => candidate.op === node.op.name);
  if (entry === undefined) throw new Error(`no lowering for ${node.op.name}`);
  tested.add(node.op.name);
  const [, traits] = traitsOfEachKind[0] as (typeof traitsOfEachKind)[number];
  const data = new Map<Value, Data>();
  const pending: [KernelSpec, readonly Value[]][] = [];
  const value = (label: string, size: number, dtype: DType = "f32"): Value => ({ id: data.size, label, size, dtype });
  const register = (added: Value, contents: Data): Value => {
    data.set(added, contents);
    return added;
  };
  const emit: Emitter = {
    traits,
    dispatch: (spec, values) => void pending.push([spec, valuesInOrder(spec, values)]),
    scratch(label, size, dtype) {
      const scratch = value(label, size, dtype);
      return register(scratch, emptyData(scratch));
    },
    variable(variable) {
      const known = variables.get(variable);
      if (known === undefined) throw new Error(`the op does not write "${variable.name}"`);
      return known;
    },
    constant: (label, contents, dtype) => register(value(label, contents.length, dtype), contents as Data),
  };
  const size = node.shape.reduce((product, extent) => product * extent, 1);
  const output = value("output", size, node.dtype);
  register(output, emptyData(output));
  const bound = inputs.map((contents, index) => register(value(`input ${index}`, contents.length), contents));
  const written = node.op.writes?.(node) ?? [];
  expect(targets.length).toBe(written.length);
  const variables = new Map(
    written.map((variable, index) => {
      const contents = targets[index] as Data;
      return [variable, register(value(variable.name, contents.length), contents)];
    }),
  );
  const [target = output] = variables.values();
  entry.lower(node, new Operands(node.op, bound), target, emit);
  for (const [spec, values] of pending) {
    expect(values.length).toBeLessThanOrEqual(8);
    expect(spec.workgroups.every((count) => count >= 1 && count <= 65535)).toBe(true);
    const results = await runKernel(
      device,
      spec,
      values.map((bindingValue) => data.get(bindingValue) as Data),
    );
    results.forEach((result, index) => {
      (data.get(values[index] as Value) as Data).set(result);
    });
  }
  return data.get(output) as Data;
}

const g = new Graph();
let inputs = 0;
const input = (shape: readonly number[], dtype: DType = "f32") => g.input(`input ${inputs++}`, shape, dtype);
const list = (...values: number[]) => Float32Array.from(values);
const a = input([2, 3]);
const b = input([3]);
const aData = list(1, -2, 3, 4, 4, -6);
const bData = list(1, 2, 4);
const labels = input([2], "i32");
const labelData = Int32Array.of(1, 0);

describe("each op's lowering gives the op's value", () => {
  test.each<[string, () => Node, readonly Data[], readonly number[]]>([
    ["add", () => g.add(a, b), [aData, bData], [2, 0, 7, 5, 6, -2]],
    ["sub", () => g.sub(a, b), [aData, bData], [0, -4, -1, 3, 2, -10]],
    ["mul", () => g.mul(a, b), [aData, bData], [1, -4, 12, 4, 8, -24]],
    ["div", () => g.div(a, b), [aData, bData], [1, -1, 0.75, 4, 2, -1.5]],
    ["standardize", () => g.addNode(standardizeOp, [a, b], {}), [aData, bData], [1, -4, 12, 4, 8, -24]],
    ["relu", () => g.relu(a), [aData], [1, 0, 3, 4, 4, 0]],
    ["reluGradient", () => g.reluGradient(a, a), [aData, aData], [1, 0, 3, 4, 4, 0]],
    ["neg", () => g.neg(a), [aData], [-1, 2, -3, -4, -4, 6]],
    ["exp", () => g.exp(b), [bData], [Math.E, Math.E ** 2, Math.E ** 4]],
    ["log", () => g.log(b), [bData], [0, Math.LN2, 2 * Math.LN2]],
    ["sqrt", () => g.sqrt(b), [bData], [1, Math.SQRT2, 2]],
    ["minimum", () => g.minimum(a, b), [aData, bData], [1, -2, 3, 1, 2, -6]],
    ["maximum", () => g.maximum(a, b), [aData, bData], [1, 2, 4, 4, 4, 4]],
    ["prelu", () => g.prelu(a, b), [aData, bData], [1, -4, 3, 4, 4, -24]],
    ["preluDerivative", () => g.addNode(preluDerivativeOp, [a, b], {}), [aData, bData], [1, 2, 1, 1, 1, 4]],
    ["pow", () => g.pow(b, input([3])), [bData, list(2, 1, 0.5)], [1, 2, 2]],
    [
      "powBaseDerivative",
      () => g.addNode(powBaseDerivativeOp, [b, input([3])], {}),
      [bData, list(2, 1, 0.5)],
      [2, 1, 0.25],
    ],
    [
      "powExponentDerivative",
      () => g.addNode(powExponentDerivativeOp, [b, b], {}),
      [bData, bData],
      [0, 4 * Math.LN2, 512 * Math.LN2],
    ],
    ["equal", () => g.equal(a, b), [aData, bData], [1, 0, 0, 0, 0, 0]],
    ["less", () => g.less(a, b), [aData, bData], [0, 1, 1, 0, 0, 1]],
    ["lessOrEqual", () => g.lessOrEqual(a, b), [aData, bData], [1, 1, 1, 0, 0, 1]],
    ["where", () => g.where(input([3], "u32"), a, b), [Uint32Array.of(1, 0, 1), aData, bData], [1, 2, 3, 4, 2, -6]],
    ["cast", () => g.cast(g.mul(a, 0.5), "i32"), [aData], [1, -2, 3, 4, 4, -6]],
    ["slice", () => g.slice(a, [0, 1], [2, 2]), [aData], [-2, 3, 4, -6]],
    ["place", () => g.pad(b, [[1, 1]], { value: 9 }), [bData], [9, 1, 2, 4, 9]],
    ["concat", () => g.concat([a, a], 1), [aData, aData], [1, -2, 3, 1, -2, 3, 4, 4, -6, 4, 4, -6]],
    ["resampleAxis", () => g.pad(b, [[2, 0]], { mode: "reflect" }), [bData], [4, 2, 1, 2, 4]],
    ["cumsum", () => g.cumsum(a, 1, { exclusive: true, reverse: true }), [aData], [1, 3, 0, -2, -6, 0]],
    ["oneHot", () => g.oneHot(labels, 2), [labelData], [0, 1, 1, 0]],
    [
      "gatherRowsGradient",
      () => {
        const table = input([3, 2]);
        return g.gradients(g.gatherRows(table, labels, { scale: 2 }), [table], input([2, 2]))[0] as Node;
      },
      [labelData, list(1, 2, 3, 4)],
      [6, 8, 2, 4, 0, 0],
    ],
    [
      "gatherPart",
      () => g.addNode(gatherPartOp, [input([2, 2]), input([4], "i32"), input([4, 2])], { scale: 2, first: 1 }),
      [list(3, 4, 5, 6), Int32Array.of(2, 0, -1, 1), list(1, 2, 3, 4, 5, 6, 7, 8)],
      [10, 12, 3, 4, 5, 6, 6, 8],
    ],
    [
      "gatherPart of the first table",
      () => g.addNode(gatherPartOp, [input([1, 2]), input([3], "i32")], { scale: 1, first: 0 }),
      [list(3, 4), Int32Array.of(1, 0, -1)],
      [0, 0, 3, 4, 0, 0],
    ],
    ["broadcastTo", () => g.broadcastTo(b, [2, 3]), [bData], [1, 2, 4, 1, 2, 4]],
    ["transpose", () => g.transpose(a), [aData], [1, 4, -2, 4, 3, -6]],
    ["sum", () => g.sum(a, 1), [aData], [2, 2]],
    ["sum in several stages", () => g.sum(input([1000, 3]), 0), [new Float32Array(3000).fill(2)], [2000, 2000, 2000]],
    ["min", () => g.min(a, 0), [aData], [1, -2, -6]],
    ["product", () => g.product(a, 1), [aData], [-6, -96]],
    [
      "avgPool2d",
      () =>
        g.avgPool2d(input([1, 2, 2, 1]), {
          size: [2, 2],
          strides: [1, 1],
          padding: [
            [1, 0],
            [0, 0],
          ],
        }),
      [list(1, 3, 4, 2)],
      [2, 2.5],
    ],
    [
      "avgPool2dGradient",
      () => {
        const x = input([1, 2, 2, 1]);
        return g.gradients(g.avgPool2d(x, { size: [2, 2] }), [x], input([1, 1, 1, 1]))[0] as Node;
      },
      [list(8)],
      [2, 2, 2, 2],
    ],
    ["max", () => g.max(a, 0), [aData], [4, 4, 3]],
    ["maxGradient", () => g.maxGradient(a, input([2, 1]), [1]), [aData, list(7, 8)], [0, 0, 7, 8, 0, 0]],
    ["matmul", () => g.matmul(a, a, { transposeB: true }), [aData, aData], [14, -22, -22, 68]],
    [
      "batchNorm",
      () => g.batchNorm(a, b, b, { mean: b, variance: b, epsilon: 0 }),
      [aData, bData, list(1, 4, 16), list(2, 0, -4), list(5, -2, 3)],
      [5, -2, 4, 11, -2, 13],
    ],
    ["movingAverage", () => g.movingAverage(b, b, 0.75), [bData, list(5, 6, 8)], [2, 3, 5]],
    ["softmax", () => g.softmax(input([1, 2])), [list(0, Math.log(3))], [0.25, 0.75]],
    ["logSoftmax", () => g.logSoftmax(input([1, 2])), [list(0, Math.log(3))], [Math.log(0.25), Math.log(0.75)]],
    ["argmax", () => g.argmax(a), [aData], [2, 0]],
    ["softmaxCrossEntropy", () => g.softmaxCrossEntropy(a, labels), [new Float32Array(6), labelData], [Math.log(3)]],
    [
      "softmaxCrossEntropy by probabilities",
      () => g.softmaxCrossEntropy(a, input([2, 3]), { reduction: "sum" }),
      [new Float32Array(6), list(1, 0, 0, 0, 0.5, 0.5)],
      [2 * Math.log(3)],
    ],
    [
      "softmaxCrossEntropy a row",
      () => g.softmaxCrossEntropy(a, labels, { reduction: "none" }),
      [new Float32Array(6), labelData],
      [Math.log(3), Math.log(3)],
    ],
    [
      "softmaxCrossEntropyGradient",
      () => g.softmaxCrossEntropyGradient(a, labels, input([]), "sum"),
      [new Float32Array(6), labelData, list(3)],
      [1, -2, 1, -2, 1, 1],
    ],
    [
      "softmaxCrossEntropyGradient by label weights",
      () => g.softmaxCrossEntropyGradient(a, input([2, 3]), input([]), "sum"),
      [new Float32Array(6), list(1, 2, 0, 0, 0, 0), list(3)],
      [0, -3, 3, 0, 0, 0],
    ],
    ["countCorrect", () => g.countCorrect(a, labels), [aData, labelData], [1, 2]],
    ["confusionMatrix", () => g.confusionMatrix(labels, labels, 2), [labelData, Int32Array.of(1, 1)], [0, 1, 0, 1]],
    ["gatherRows of floats", () => g.gatherRows(a, labels, { scale: 2 }), [aData, labelData], [8, 8, -12, 2, -4, 6]],
    [
      "gatherRows of bytes",
      () => g.gatherRows(input([2, 3], "u8"), labels),
      [Uint32Array.of(0x04030201, 0x0605), labelData],
      [4, 5, 6, 1, 2, 3],
    ],
    [
      "gatherRows of integers",
      () => g.gatherRows(input([2], "i32"), labels),
      [Int32Array.of(8, 9), Int32Array.of(1, -1)],
      [9, -1],
    ],
    [
      "batchRows",
      () => g.batchRows(input([], "u32"), { count: 5, batch: 2, shuffle: false, seed: 0 }),
      [Uint32Array.of(2)],
      [4, -1],
    ],
    ["maxPool2d", () => g.maxPool2d(input([1, 2, 2, 1]), { size: [2, 2] }), [list(1, 3, 3, 2)], [3]],
    [
      "maxPool2dGradient",
      () => {
        const x = input([1, 2, 2, 1]);
        const pooled = g.maxPool2d(x, { size: [2, 2] });
        return g.gradients(g.sum(pooled), [x])[0] as Node;
      },
      [list(1, 3, 3, 2), list(5)],
      [0, 5, 0, 0],
    ],
  ])("%s", async (_, build, data, expected) => {
    expectNear(await run(build(), data), expected, 1e-5);
  });

  test.each(pointwiseFunctions)("%s and its derivative", async (name) => {
    const attributes = { a: 0.5, b: 3 };
    const [x, upstream] = [input([3]), input([3])];
    const nodes = [
      g.addNode(pointwiseOps[name].value, [x], attributes),
      g.addNode(pointwiseOps[name].gradient, [x, upstream], attributes),
    ] as const;
    const feeds = [list(0.25, 1, 2.5), list(1, 2, -4)];
    const program = await cpu().compile(g, { outputs: { value: nodes[0], gradient: nodes[1] } });
    const names = [x, upstream].map((node) => (node.attributes as { name: string }).name) as [string, string];
    const out = await program.run({ [names[0]]: feeds[0]!, [names[1]]: feeds[1]! });
    expectNear(await run(nodes[0], feeds.slice(0, 1)), out["value"]!.data, 1e-5);
    expectNear(await run(nodes[1], feeds), out["gradient"]!.data, 1e-5);
  });

  test("images are mixed as the CPU backend mixes them, by the plan that it makes", async () => {
    const images = Float32Array.from({ length: 7 * 5 * 4 * 3 }, (_, index) => ((7 * index) % 64) / 64);
    for (const mixing of [{ mixup: 0.4 }, { cutMix: 1 }, { mixup: 2, cutMix: 0.5 }]) {
      const cursor = g.input(`cursor ${Object.keys(mixing).join()}`, [], "u32");
      const node = g.mixingPlan(cursor, { ...mixing, count: 18, batch: 7, height: 5, width: 4, seed: 2 });
      const mixed = g.mixImages(input([7, 5, 4, 3]), node);
      const [name] = mixed.inputs.map(({ attributes }) => (attributes as { name: string }).name) as [string];
      const program = await cpu().compile(g, { outputs: { plan: node, mixed } });
      // The last batch of an epoch has four images.
      for (const step of [0, 2, 3]) {
        const feeds = { [name]: images, [(cursor.attributes as { name: string }).name]: Uint32Array.of(step) };
        const out = await program.run(feeds);
        const plan = await run(node, [Uint32Array.of(step)]);
        // Whole numbers, and a share that is a quotient of two.
        expectNear(plan, out["plan"]!.data, 2 ** -23);
        expectNear(await run(mixed, [images, plan]), out["mixed"]!.data, 4 * 2 ** -24);
      }
    }
  });

  test("dropout keeps and drops what the CPU backend does", async () => {
    const values = Float32Array.from({ length: 60 }, (_, index) => index + 1);
    const step = Uint32Array.of(7);
    const node = g.dropout(input([4, 15]), { rate: 0.4, step: g.input("step of a dropout", [], "u32"), seed: 3 });
    const program = await cpu().compile(g, { outputs: { kept: node } });
    const [name] = node.inputs.map(({ attributes }) => (attributes as { name: string }).name) as [string];
    const { kept } = await program.run({ [name]: values, "step of a dropout": step });
    expect(kept!.data.filter((value) => value === 0).length).toBeGreaterThan(10);
    expectNear(await run(node, [values, step]), kept!.data, 1e-5);
  });

  test("gaussianNoise adds what the CPU backend adds", async () => {
    const values = Float32Array.from({ length: 60 }, (_, index) => index + 1);
    const step = Uint32Array.of(7);
    const node = g.gaussianNoise(input([4, 15]), { stddev: 2, step: g.input("step of noise", [], "u32"), seed: 3 });
    const program = await cpu().compile(g, { outputs: { noisy: node } });
    const [name] = node.inputs.map(({ attributes }) => (attributes as { name: string }).name) as [string];
    const { noisy } = await program.run({ [name]: values, "step of noise": step });
    expect([...noisy!.data]).not.toEqual([...values]);
    expectNear(await run(node, [values, step]), noisy!.data, 1e-4);
  });

  test("normConstraint shortens the columns that are too long, by Keras' rule", async () => {
    const variable = new Variable({ name: "v", shape: [2, 3] });
    const columns = list(3, 0.3, 0, 4, 0.4, 0);
    const node = g.normConstraint(variable, { axes: [0], minValue: 0, maxValue: 2, rate: 1 });
    await run(node, [], [columns]);
    const shortened = 2 / (5 + 1e-7);
    const kept = 0.5 / (0.5 + 1e-7);
    expectNear(columns, [3 * shortened, 0.3 * kept, 0, 4 * shortened, 0.4 * kept, 0], 1e-6);
  });

  test("assign copies its value into the variable", async () => {
    const variable = new Variable({ name: "v", shape: [3] });
    const target = new Float32Array(3);
    await run(g.assign(variable, b), [bData], [target]);
    expect([...target]).toEqual([1, 2, 4]);
  });

  test("recordStep writes the ring and moves the counters", async () => {
    const ring = new Variable({ name: "ring", shape: [2, 4] });
    const counters = ["step", "cursor"].map((name) => new Variable({ name, shape: [], dtype: "u32" }));
    const node = g.recordStep([input([1]), b], { ring, counters });
    const targets = [new Float32Array(8), Uint32Array.of(3), Uint32Array.of(9)];
    await run(node, [list(7), bData], targets);
    expect(targets.map((target) => [...target])).toEqual([[0, 0, 0, 0, 7, 1, 2, 4], [4], [10]]);
  });

  test("no lowering is left untested", () => {
    const own = lowerings.map((entry) => entry.op).filter((op) => !op.startsWith("conv2d"));
    expect(own.filter((op) => !tested.has(op))).toEqual([]);
  });
});

test("the lowering of a node refuses a node of another op", () => {
  const [first] = lowerings;
  const neg = g.neg(a);
  expect(() =>
    first?.lower(neg, new Operands(neg.op, []), { id: 0, label: "", dtype: "f32", size: 6 }, {} as Emitter),
  ).toThrow('was given a "neg"');
});
