/**
 * Opens broken files by the thousand, and prints how they were refused:
 *
 *     npm run fuzz -- [--seed 1] [--configs 20000] [--checkpoints 20000] [--sizes 2000] [--models 20000] [--files 100000] [--tables 20000]
 *                     [--onnx 100000]
 *
 * Ends with 1 where one brought an untyped error, took more than a second, or more memory than 8 times the file and 64 MiB.
 * "config 17" in a fault is repeated by --seed 17 --configs 1 --checkpoints 0 --sizes 0 --models 0 --files 0 --tables 0
 * --onnx 0.
 */
import { parseArgs } from "node:util";
import { fuzzCheckpoints, fuzzConfigs, fuzzModels, fuzzSizes } from "../test/support/fuzz.ts";
import { fuzzModelFiles } from "../test/support/fuzz_model_files.ts";
import { fuzzOnnx } from "../test/support/fuzz_onnx.ts";
import { fuzzTables } from "../test/support/fuzz_tables.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1e9) },
    configs: { type: "string", default: "20000" },
    checkpoints: { type: "string", default: "20000" },
    sizes: { type: "string", default: "2000" },
    models: { type: "string", default: "20000" },
    files: { type: "string", default: "100000" },
    tables: { type: "string", default: "20000" },
    onnx: { type: "string", default: "100000" },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);
for (const [fuzz, count] of [
  [fuzzConfigs, values.configs],
  [fuzzCheckpoints, values.checkpoints],
  [fuzzSizes, values.sizes],
  [fuzzModels, values.models],
  [fuzzModelFiles, values.files],
  [fuzzTables, values.tables],
  [fuzzOnnx, values.onnx],
] as const) {
  const report = await fuzz(Number(count), seed);
  console.log(String(report));
  for (const fault of report.faults.slice(0, 20)) console.log(`  ${fault}`);
  if (report.faults.length > 0) process.exitCode = 1;
}
console.log(`largest resident set: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
