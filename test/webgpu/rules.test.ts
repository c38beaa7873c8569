import { expect, test, vi } from "vitest";
import { elementwise, type Family, families, leftovers } from "../../src/webgpu/rules/families/index.ts";
import { fetchEarly, rulesFor, rulesOf } from "../../src/webgpu/rules/index.ts";
import { lowerings } from "../support/kernels.ts";

const TRAITS = { maxWorkgroupSize: 256, maxWorkgroupStorage: 16384, software: false };

/** Ops that a family has rules for. */
const heldBy = async (family: Family) => [...new Set((await rulesOf(family)).map(({ op }) => op))].sort();

test("what fusions leave is fetched for exactly the ops that its rules are for", async () => {
  const declared = leftovers.map(({ ops }) => [...new Set(ops)].sort());
  expect(await Promise.all(leftovers.map(heldBy))).toEqual(declared);
});

test("what no other family has is element by element", async () => {
  const listed = [...families, ...leftovers].flatMap(({ ops }) => ops);
  const rest = lowerings.map(({ op }) => op).filter((op) => !listed.includes(op));
  expect(await heldBy(elementwise)).toEqual([...new Set(rest)].sort());
});

test("a family is fetched for ops that there are, and has rules", async () => {
  const known = new Set<string>(lowerings.map(({ op }) => op));
  for (const family of [...families, ...leftovers, elementwise]) {
    for (const rule of await rulesOf(family)) known.add(rule.op);
  }
  for (const { ops } of [...families, ...leftovers]) expect(ops.filter((op) => !known.has(op))).toEqual([]);
  for (const family of families) expect((await rulesOf(family)).length).toBeGreaterThan(0);
});

test("every op that has a kernel of its own, or a fusion, finds a rule in what is fetched for it alone", async () => {
  const always = (await rulesFor([], TRAITS)).map(({ op }) => op);
  const found = new Set<string>(always);
  const wanted = new Set<string>(lowerings.map(({ op }) => op));
  for (const family of [...families, ...leftovers, elementwise]) {
    for (const op of await heldBy(family)) {
      wanted.add(op);
      if (family === elementwise || family.ops.includes(op)) found.add(op);
    }
  }
  expect([...wanted].filter((op) => !found.has(op))).toEqual([]);
});

test("early comes what holds rules for these ops, and nothing that only some shapes or devices want", () => {
  const spies = families.map((family) => vi.spyOn(family, "load"));
  fetchEarly(["batchRows", "finishStep", "optimizerUpdate", "conv2dFilterGradient"]);
  const fetched = families.filter((_, index) => (spies[index]?.mock.calls.length ?? 0) > 0);
  for (const spy of spies) spy.mockRestore();
  expect(fetched.map(({ ops }) => ops)).toEqual([
    ["conv2dFilterGradient", "conv2dInputGradient"],
    ["batchRows", "gatherRows", "softmaxCrossEntropyGradient"],
    ["finishStep", "optimizerUpdate"],
  ]);
  expect(fetched.some(({ wants }) => wants)).toBe(false);
});
