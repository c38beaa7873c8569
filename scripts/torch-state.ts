/**
 * Random networks whose state_dict comes out of PyTorch, in the same networks here: outputs and the losses of 20 training steps.
 *
 *     node scripts/run-ts.mjs scripts/torch-state.ts [--networks 40] [--seed 1]
 *     node scripts/run-ts.mjs scripts/torch-state.ts --freeze 3,14
 *
 * `--freeze` writes the networks of these seeds, which `npm test` checks without PyTorch. Wants Debian's python3-torch.
 */
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { cpu } from "../src/cpu.ts";
import { findPython } from "../test/conformance/oracle/ask.ts";
import { checkDrawnNetwork, type DrawnNetwork } from "../test/formats/pytorch/check_network.ts";

const FOLDER = "test/formats/pytorch";
const { values: options } = parseArgs({
  options: {
    networks: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
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
  const backend = cpu({ precision: "f64" });
  let failed = 0;
  const by = { shapes: 0, order: 0, option: 0 };
  const lines = drawn(options.seed, options.networks);
  for (const line of lines) {
    const network = JSON.parse(line) as DrawnNetwork;
    try {
      by[(await checkDrawnNetwork(backend, network)).by]++;
    } catch (error) {
      failed++;
      console.log(`FAILED seed ${network.seed}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  console.log(
    `${lines.length - failed} of ${lines.length} networks agree with PyTorch (${by.shapes} by shapes alone, ${by.order} by order)`,
  );
  if (failed > 0) process.exitCode = 1;
} else {
  const lines = options.freeze.split(",").flatMap((seed) => drawn(seed, "1"));
  await writeFile(`${FOLDER}/frozen.json`, `[\n${lines.join(",\n")}\n]\n`);
  console.log(`${FOLDER}/frozen.json: ${lines.length} networks, ${lines.join("").length} bytes`);
}
