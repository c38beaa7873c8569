/** A short form of `npm run fuzz`: some hundreds of broken files of each kind, others at each run, by a seed that is told. */
import { expect, it } from "vitest";
import { fuzzCheckpoints, fuzzConfigs, fuzzModels, fuzzSizes } from "../support/fuzz.ts";
import { fuzzTables } from "../support/fuzz_tables.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1e9);

it.each([
  ["mutated model configurations", fuzzConfigs, 400],
  ["mutated checkpoints with right checksums", fuzzCheckpoints, 150],
  ["files of hostile sizes", fuzzSizes, 60],
  ["files with a model", fuzzModels, 300],
  ["broken arrays and tables", fuzzTables, 1500],
])(`%s are refused by typed errors, quickly and in little memory (FUZZ_SEED=${SEED})`, async (_, fuzz, count) => {
  const report = await fuzz(count, SEED);
  console.log(String(report));
  expect(report.faults).toEqual([]);
  expect(report.tried).toBeGreaterThan(count / 2);
});
