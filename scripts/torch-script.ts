/**
 * The scripts of `toPyTorch`, run by PyTorch: losses of 20 steps against this library's for the same data, on one process and under torchrun
 * on two, outputs, going on from a checkpoint, weights that come back.
 *
 *     node scripts/run-ts.mjs scripts/torch-script.ts [--only NAME] [--fast] [--keep FOLDER] [--freeze]
 *
 * `--fast`: without torchrun. `--freeze` writes the source of some scripts that ran, and PyTorch's losses, which `npm test` compares. Wants Debian's python3-torch.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cpu } from "../src/cpu.ts";
import * as corteza from "../src/index.ts";
import { toPyTorch } from "../src/pytorch.ts";
import { findPython } from "../test/conformance/oracle/ask.ts";
import { FROZEN, type ScriptCase, scriptCases } from "../test/formats/pytorch/cases.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    fast: { type: "boolean" },
    keep: { type: "string" },
    freeze: { type: "boolean" },
  },
});
const STEPS = 20;
const TOLERANCE = 1e-4;
const FILES = "test/formats/pytorch/files";
const python = findPython();

/** A .npy file. */
function npy(values: Float32Array | Uint8Array | Int32Array, shape: readonly number[]): Uint8Array {
  const type = values instanceof Uint8Array ? "|u1" : values instanceof Int32Array ? "<i4" : "<f4";
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 + 64 - 11)}\n`;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const size = Uint8Array.of(header.length & 255, header.length >> 8);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), size, Buffer.from(header, "latin1"), bytes]);
}

function floatsOfNpy(bytes: Buffer): Float32Array {
  const start = 10 + bytes.readUInt16LE(8);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
}

function run(folder: string, command: readonly string[]): void {
  const [program = "", ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, args, {
    ...{ cwd: folder, encoding: "utf8" },
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}:\n${stdout}\n${stderr.slice(-3000)}`);
}

function farthest(what: string, got: ArrayLike<number>, want: ArrayLike<number>, relative: boolean): number {
  if (got.length !== want.length) throw new Error(`${what}: ${got.length} values in place of ${want.length}`);
  const largest = Math.max(1e-6, ...Array.from(want, Math.abs));
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const [a, b] = [got[i] as number, want[i] as number];
    const error = Math.abs(a - b) / (relative ? Math.max(Math.abs(b), 1e-6) : largest);
    if (!(error <= TOLERANCE))
      throw new Error(`${what}: value ${i} is ${a}, not ${b} (off by ${error.toExponential(1)})`);
    worst = Math.max(worst, error);
  }
  return worst;
}

const parametersOf = (model: corteza.Model) => [...model.parameters].map(([, { data }]) => data);

async function check({ name, make, training, data }: ScriptCase, folder: string) {
  mkdirSync(folder, { recursive: true });
  const model = make();
  const source = toPyTorch(model, training);
  writeFileSync(join(folder, "train.py"), source);
  writeFileSync(join(folder, "model.safetensors"), corteza.saveModel(model));
  const args = [];
  data.inputs.forEach(({ values, shape }, place) => {
    writeFileSync(join(folder, `x${place}.npy`), npy(values, shape));
  });
  data.targets.forEach(({ values, shape }, place) => {
    writeFileSync(join(folder, `y${place}.npy`), npy(values, shape));
  });
  args.push("--images", ...data.inputs.map((_, place) => `x${place}.npy`));
  const labels = ["--labels", ...data.targets.map((_, place) => `y${place}.npy`)];
  if (data.weights) {
    writeFileSync(join(folder, "weights.npy"), npy(data.weights, [data.weights.length]));
    labels.push("--sample-weights", "weights.npy");
  }

  // Outputs before training.
  run(folder, [python, "train.py", "--weights", "model.safetensors", ...args, "--predict", "before.npy"]);
  const backend = cpu({ precision: "f64" });
  const rows = data.inputs[0]?.shape[0] ?? 1;
  const predictor = await corteza.createPredictor(model, { backend });
  const fed = data.inputs.map(({ values }) =>
    values instanceof Uint8Array ? Float32Array.from(values, (one) => one / 255) : Float32Array.from(values),
  );
  const outputs = await predictor.predict(fed.length === 1 ? (fed[0] as Float32Array) : fed);
  predictor.dispose();
  let ahead = 0;
  outputs.forEach((output, place) => {
    const file = readFileSync(join(folder, place === 0 ? "before.npy" : `before.${place}.npy`));
    ahead = Math.max(ahead, farthest(`output ${place}`, floatsOfNpy(file), output.data, false));
  });

  // Training here.
  const { epochs: _, shuffle, augment, classWeight, ...trainerOptions } = training;
  const trainer = await corteza.createTrainer(model, { backend, ...trainerOptions });
  const history = await trainer.fit(data.dataset(), {
    ...{ steps: STEPS },
    ...(shuffle === undefined ? {} : { shuffle }),
    ...(augment === undefined ? {} : { augment }),
    ...(classWeight === undefined ? {} : { classWeight }),
  });
  await trainer.syncModel();
  trainer.dispose();

  // And there.
  const train = ["--weights", "model.safetensors", ...args, ...labels];
  const losses = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8")) as number[];
  run(folder, [
    ...[python, "train.py", ...train, "--steps", String(STEPS)],
    ...["--output", "one.safetensors", "--history", "one.json", "--log-every", "7"],
  ]);
  const one = farthest("loss of step", losses("one.json"), history.stepLosses, true);
  const back = corteza.loadModel(readFileSync(join(folder, "one.safetensors")));
  let weights = 0;
  parametersOf(back).forEach((got, place) => {
    const want = parametersOf(model)[place] as Float32Array;
    weights = Math.max(weights, farthest(`parameter ${place}`, got, want, false));
  });
  make().setParameters(corteza.loadSafetensors(readFileSync(join(folder, "one.safetensors"))));

  // From a checkpoint.
  const again = [python, "train.py", ...train, "--checkpoint", "state.pt", "--history", "resumed.json"];
  run(folder, [...again, "--steps", "7"]);
  run(folder, [...again, "--steps", String(STEPS), "--output", "resumed.safetensors"]);
  if (JSON.stringify(losses("resumed.json")) !== JSON.stringify(losses("one.json")))
    throw new Error("resumed: other losses");
  if (!readFileSync(join(folder, "resumed.safetensors")).equals(readFileSync(join(folder, "one.safetensors")))) {
    throw new Error("resumed: other weights");
  }
  let both = "";
  if (!options.fast) {
    const torchrun = [
      python,
      "-m",
      "torch.distributed.run",
      "--nproc_per_node",
      "2",
      "--master_port",
      String(29500 + (process.pid % 999)),
      // PyTorch 1.13 under Python 3.11 cannot read its own default of these.
      ...["--redirects", "1", "--tee", "1"],
    ];
    run(folder, [
      ...torchrun,
      "train.py",
      ...train,
      "--checkpoint",
      "two.pt",
      "--history",
      "two.json",
      "--steps",
      "11",
    ]);
    run(folder, [
      ...[...torchrun, "train.py", ...train, "--checkpoint", "two.pt", "--history", "two.json"],
      ...["--steps", String(STEPS), "--output", "two.safetensors"],
    ]);
    both = `, two processes ${farthest("loss of step, two processes", losses("two.json"), history.stepLosses, true).toExponential(1)}`;
    parametersOf(corteza.loadModel(readFileSync(join(folder, "two.safetensors")))).forEach((got, place) => {
      farthest(`parameter ${place} of two`, got, parametersOf(model)[place] as Float32Array, false);
    });
  }
  const figures = `outputs ${ahead.toExponential(1)}, losses ${one.toExponential(1)}${both}, weights ${weights.toExponential(1)}`;
  const kept = { source, losses: losses("one.json") };
  return { kept, text: `${name}: ${rows} rows, ${figures}` };
}

const folder = options.keep ?? mkdtempSync(join(tmpdir(), "torch-script-"));
let failed = 0;
const cases = scriptCases().filter(({ name }) =>
  options.freeze ? FROZEN.includes(name) : options.only === undefined || name.includes(options.only),
);
for (const one of cases) {
  try {
    const { kept, text } = await check(one, join(folder, one.name.replaceAll(/\W+/g, "_")));
    console.log(text);
    if (options.freeze && FROZEN.includes(one.name)) {
      writeFileSync(`${FILES}/${one.name}.losses.json`, `${JSON.stringify(kept.losses)}\n`);
      if (one.name === FROZEN[0]) writeFileSync(`${FILES}/${one.name}.py.txt`, kept.source);
    }
  } catch (error) {
    failed++;
    console.log(`FAILED ${one.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(`${cases.length - failed} of ${cases.length} scripts agree`);
if (options.keep === undefined) rmSync(folder, { recursive: true });
if (failed > 0) process.exitCode = 1;
