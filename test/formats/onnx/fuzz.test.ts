/** Broken ONNX files, others at each run, by a seed that is told. */
import { expect, it } from "vitest";
import { fuzzOnnx } from "../../support/fuzz_onnx.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1e9);

it(`5,000 broken files are refused by FormatError, quickly and in little memory (FUZZ_SEED=${SEED})`, async () => {
  const report = await fuzzOnnx(5000, SEED);
  console.log(String(report));
  expect(report.faults.slice(0, 20)).toEqual([]);
  expect(report.refused.get("FormatError")).toBeGreaterThan(1000);
}, 120_000);
