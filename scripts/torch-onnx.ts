/**
 * Random networks that PyTorch exports as ONNX files, read and trained here: outputs and the losses of 20 training steps.
 *
 *     node scripts/run-ts.mjs scripts/torch-onnx.ts [--networks 40] [--seed 1] [--backend cpu|wasm]
 *     node scripts/run-ts.mjs scripts/torch-onnx.ts --freeze 3,14
 *
 * `--freeze` writes the networks of these seeds, which `npm test` checks without PyTorch. Wants Debian's python3-torch.
 */
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { cpu } from "../src/cpu.ts";
import { wasm } from "../src/index.ts";
import { findPython } from "../test/conformance/oracle/ask.ts";
import { checkTorchNetwork, type TorchNetwork } from "../test/conformance/torch_onnx/check.ts";

const FOLDER = "test/conformance/torch_onnx";
const { values: options } = parseArgs({
  options: {
    networks: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
    backend: { type: "string", default: "cpu" },
    freeze: { type: "string" },
  },
});

/** Lines of draw.py. */
function drawn(first: string, count: string): string[] {
  const { status, stdout, stderr } = spawnSync(findPython(), [`${FOLDER}/draw.py`, first, count], {
    ...{ encoding: "utf8", maxBuffer: 2 ** 30 },
  });
  if (status !== 0) throw new Error(`draw.py ended with ${status}: ${stderr.slice(-2000)}`);
  return stdout.trim().split("\n");
}

if (options.freeze === undefined) {
  const backend = options.backend === "wasm" ? await wasm() : cpu({ precision: "f64" });
  let failed = 0;
  const lines = drawn(options.seed, options.networks);
  for (const line of lines) {
    const network = JSON.parse(line) as TorchNetwork;
    try {
      await checkTorchNetwork(backend, network);
    } catch (error) {
      failed++;
      console.log(`FAILED seed ${network.seed}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  console.log(`${lines.length - failed} of ${lines.length} networks agree with PyTorch`);
  if (failed > 0) process.exitCode = 1;
} else {
  const lines = options.freeze.split(",").flatMap((seed) => drawn(seed, "1"));
  await writeFile(`${FOLDER}/frozen.json`, `[\n${lines.join(",\n")}\n]\n`);
  console.log(`${FOLDER}/frozen.json: ${lines.length} networks, ${lines.join("").length} bytes`);
}
