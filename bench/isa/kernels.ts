/**
 * Writes the WGSL of every dispatch of a network's program as files, for whoever wants to look at them or compile them:
 *
 *     npm run kernels -- --out DIR [--traits hardware] [--net reference] [--batch 64] [--infer]
 *
 * `--traits` is `hardware`, `software` or a JSON file of a device's own (`DeviceTraits` in src/webgpu/kernel.ts); `--net` one
 * of bench/jobs.ts. No device is needed. Files are named by their place in the program; `index.json` tells the rest of each.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { DeviceTraits } from "../../src/webgpu/kernel.ts";
import { NETWORKS, type NetworkName } from "../jobs.ts";
import { kernelsOf, TRAITS } from "./plans.ts";

const { values: options } = parseArgs({
  options: {
    traits: { type: "string", default: "hardware" },
    net: { type: "string", default: "reference" },
    batch: { type: "string", default: "64" },
    infer: { type: "boolean", default: false },
    out: { type: "string" },
  },
});

const batch = Number(options.batch);
if (options.out === undefined) throw new Error("kernels: --out DIR says where to write the files.");
if (!Object.hasOwn(NETWORKS, options.net)) {
  throw new Error(`kernels: --net is one of ${Object.keys(NETWORKS).join(", ")}, not "${options.net}".`);
}
if (!Number.isInteger(batch) || batch < 1)
  throw new Error(`kernels: --batch is a whole number, not "${options.batch}".`);
const traits = TRAITS[options.traits] ?? (JSON.parse(readFileSync(options.traits, "utf8")) as DeviceTraits);

const network = options.net as NetworkName;
const kernels = await kernelsOf({ kind: options.infer ? "infer" : "train", network, batch }, traits);
mkdirSync(options.out, { recursive: true });
const index = kernels.map(({ wgsl, ...kernel }, place) => {
  const file = `${String(place).padStart(2, "0")}-${kernel.name}.wgsl`;
  writeFileSync(join(options.out as string, file), wgsl);
  return { file, ...kernel };
});
writeFileSync(join(options.out, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
for (const { file, op, layer, variant, workgroups } of index) {
  console.log(
    `${file.padEnd(40)} ${op.padEnd(28)} ${(layer ?? "").padEnd(12)} ${workgroups.join("×").padEnd(12)} ${variant}`,
  );
}
