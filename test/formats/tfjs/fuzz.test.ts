/** Broken TF.js models, others at each run, by a seed that is told. */
import { expect, it } from "vitest";
import { fuzzLayersModels } from "../../support/fuzz_keras.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1e9);

it(`5,000 broken models are refused by FormatError, quickly and in little memory (FUZZ_SEED=${SEED})`, async () => {
  const report = await fuzzLayersModels(5000, SEED);
  console.log(String(report));
  expect(report.faults.slice(0, 20)).toEqual([]);
  expect(report.refused.get("FormatError")).toBeGreaterThan(1000);
}, 120_000);
