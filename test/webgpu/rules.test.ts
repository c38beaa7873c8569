import { expect, test } from "vitest";
import { families } from "../../src/webgpu/rules/families/index.ts";
import { rulesFor } from "../../src/webgpu/rules/index.ts";
import { lowerings } from "../support/kernels.ts";

const TRAITS = { maxWorkgroupSize: 256, maxWorkgroupStorage: 16384, software: false };

test("a family is fetched for exactly the ops that its rules are for", async () => {
  const declared = families.map(({ ops }) => [...new Set(ops)].sort());
  const held = await Promise.all(
    families.map(async (family) => [...new Set((await family.load()).map(({ op }) => op))].sort()),
  );
  // A moving average ends in an assignment, which every graph may have.
  expect(held.map((ops) => ops.filter((op) => op !== "assign"))).toEqual(declared);
});

test("every op that has a kernel of its own has a rule", async () => {
  const ruled = new Set([
    ...(await rulesFor([], TRAITS)).map(({ op }) => op),
    ...(await Promise.all(families.map((family) => family.load()))).flat().map(({ op }) => op),
  ]);
  expect(lowerings.map(({ op }) => op).filter((op) => !ruled.has(op))).toEqual([]);
});
