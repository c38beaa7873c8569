import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/core/errors.ts";
import type { DType } from "../../src/core/tensor.ts";
import { cpu } from "../../src/cpu/backend.ts";
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { deviceOfFile } from "../support/device.ts";
import { OP_CASES, type OpCase, OTHER_OPS, opOf } from "../support/op_cases.ts";
import { allOps } from "../support/op_registry.ts";

const TYPES: readonly DType[] = ["f32", "i32", "u32", "u8"];
/** Fractions, numbers beyond 2²⁴, which f32 would round, and below 0, which only some types hold. */
const VALUES: Readonly<Record<DType, readonly number[]>> = {
  f32: [0.5, -1.5, 3, 0.25, 2, -4, 0, 1, -0.125, 6, -2, 5],
  i32: [12345679, -7, 0, 5, 2, -12345679, 1, 3, 4, -2, 2147483647, 6],
  u32: [12345679, 7, 0, 5, 2, 4000000001, 1, 3, 4, 8, 2147483649, 6],
  u8: [200, 7, 0, 5, 2, 255, 1, 3, 4, 8, 128, 6],
};
/** Operands of these names hold places in something small. */
const PLACES = ["rows", "labels", "predictions", "indices"];

const gpu = await deviceOfFile();

/** The types that operands are tried with: one of another type, and all of one where they may. */
function combinations(op: string, { shapes }: OpCase): DType[][] {
  const operands = Object.values(allOps().get(opOf(op))?.operands ?? {});
  const typesOf = (index: number) => operands[index] ?? operands.at(-1) ?? ["f32"];
  const plain = shapes.map((_, index) => typesOf(index)[0] as DType);
  const tried = [plain];
  for (const type of TYPES) {
    tried.push(...shapes.map((_, index) => plain.with(index, type)));
    tried.push(plain.map((first, index) => (typesOf(index).length > 1 ? type : first)));
  }
  return [...new Map(tried.map((types) => [types.join(), types])).values()];
}

interface Built {
  readonly name: string;
  readonly node: Node;
}

/** Builds every op with every combination of types in one graph; what was built, and what was refused. */
function buildAll(): { graph: Graph; built: Built[]; refused: Map<string, unknown>; feeds: Record<string, number[]> } {
  const graph = new Graph();
  const built: Built[] = [];
  const refused = new Map<string, unknown>();
  const feeds: Record<string, number[]> = {};
  for (const [op, one] of Object.entries(OP_CASES)) {
    const definition = allOps().get(opOf(op));
    if (definition === undefined) throw new Error(`there is no op "${op}"`);
    const names = Object.keys(definition.operands);
    for (const types of combinations(op, one)) {
      const name = `${op}(${types.join(", ")})`;
      const scratch = new Graph();
      const inputsOf = (target: Graph) =>
        one.shapes.map((shape, index) => target.input(`${name} ${index}`, shape, types[index]));
      try {
        // A graph keeps the inputs of what it refuses.
        scratch.addNode(definition, inputsOf(scratch), one.attributes);
      } catch (error) {
        refused.set(name, error);
        continue;
      }
      built.push({ name, node: graph.addNode(definition, inputsOf(graph), one.attributes) });
      one.shapes.forEach((shape, index) => {
        const size = shape.reduce((product, extent) => product * extent, 1);
        const values = VALUES[types[index] as DType];
        const small = PLACES.includes((names[index] ?? "").replace("?", ""));
        feeds[`${name} ${index}`] = Array.from({ length: size }, (_, place) =>
          small ? place % 3 : (values[place % values.length] as number),
        );
      });
    }
  }
  return { graph, built, refused, feeds };
}

async function resultsOn(backend: Backend): Promise<Map<string, readonly number[]>> {
  const { graph, built, feeds } = buildAll();
  const program = await backend.compile(graph, { outputs: Object.fromEntries(built.map((b) => [b.name, b.node])) });
  const outputs = await program.run(feeds);
  program.dispose();
  return new Map(Object.entries(outputs).map(([name, { data }]) => [name, [...data]]));
}

describe("every op with every type of its operands", () => {
  it("is tried", () => {
    expect(new Set([...Object.keys(OP_CASES).map(opOf), ...OTHER_OPS])).toEqual(new Set(allOps().keys()));
  });

  it("gives the same values on both backends, f32 up to rounding", async () => {
    const [got, want] = [await resultsOn(gpu.backend), await resultsOn(cpu())];
    expect([...got.keys()]).toEqual([...want.keys()]);
    expect(got.size).toBeGreaterThan(100);
    const different: string[] = [];
    for (const [name, expected] of want) {
      const found = got.get(name) ?? [];
      const close = expected.every((value, i) => {
        const other = found[i] as number;
        const bound = 1e-5 * Math.max(1, Math.abs(value));
        // What is no finite number is the business of test/webgpu/non_finite.gpu.test.ts.
        return !Number.isFinite(value) || Math.abs(value - other) <= bound;
      });
      if (!close || found.length !== expected.length) different.push(`${name}: ${found}, the CPU has ${expected}`);
    }
    expect(different).toEqual([]);
  });

  it("is refused by one typed error, when it is built, where its declaration says so", () => {
    const { refused, built } = buildAll();
    expect(built.every(({ name }) => !refused.has(name))).toBe(true);
    const kinds = [...refused].filter(([, error]) => !(error instanceof ShapeError));
    expect(kinds).toEqual([]);
    const messages = [...refused.values()].map(String);
    const central = messages.filter((message) => /wants .* as \w+, got \w+; cast\(/.test(message));
    const ofOneType = messages.filter((message) => /of one type|differ in more than|wants logits/.test(message));
    expect(central.length + ofOneType.length).toBe(messages.length);
    expect(String(refused.get("relu(i32)"))).toMatch(/relu: wants f32 as x, got i32; cast\(x, "f32"\) makes it so/);
  });

  it("wants as many operands as it declares", () => {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    const add = allOps().get("add");
    if (add === undefined) throw new Error("no add");
    expect(() => graph.addNode(add, [x], {})).toThrow(/add: takes a, b, got 1 operands/);
    expect(() => graph.addNode(add, [x, x, x], {})).toThrow(ArgumentError);
    expect(() => graph.concat([x, undefined as unknown as Node], 0)).toThrow(/concat/);
  });
});
