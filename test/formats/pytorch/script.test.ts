/**
 * Python scripts for PyTorch. PyTorch 1.13 has run the one that is compared here as text, and has given the losses of the others
 * (scripts/torch-script.ts --freeze).
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { cpu } from "../../../src/cpu.ts";
import {
  ArgumentError,
  adam,
  batchNormalization,
  constant,
  createTrainer,
  dense,
  input,
  model,
  operation,
  rmsprop,
  ShapeError,
  sequential,
} from "../../../src/index.ts";
import { type PyTorchTraining, toPyTorch } from "../../../src/pytorch.ts";
import { expectWithin } from "../../conformance/suite.ts";
import { FROZEN, scriptCases, windows } from "./cases.ts";

/** Of 20 that scripts/torch-script.ts compares. */
const STEPS = 5;
const file = (name: string) => readFileSync(resolve(import.meta.dirname, "files", name), "utf8");
const network = () => sequential({ inputShape: [4] }, [dense({ units: 3 })]);
const training: PyTorchTraining = { loss: "sparseCategoricalCrossentropy", optimizer: adam() };

describe("toPyTorch", () => {
  it("writes the script that PyTorch ran", () => {
    const found = scriptCases().find(({ name }) => name === FROZEN[0]);
    expect(found && toPyTorch(found.make(), found.training)).toBe(file(`${FROZEN[0]}.py.txt`));
  });

  it.each(FROZEN)("trains as PyTorch did: %s", async (wanted) => {
    const found = scriptCases().find(({ name }) => name === wanted);
    if (found === undefined) throw new RangeError(`no case ${wanted}`);
    const { epochs: _, shuffle = true, augment, classWeight, ...options } = found.training;
    const trainer = await createTrainer(found.make(), { backend: cpu({ precision: "f64" }), ...options });
    const { stepLosses } = await trainer.fit(found.data.dataset(), {
      ...{ steps: STEPS, shuffle },
      ...(augment === undefined ? {} : { augment }),
      ...(classWeight === undefined ? {} : { classWeight }),
    });
    trainer.dispose();
    const losses = JSON.parse(file(`${wanted}.losses.json`)) as number[];
    expect(losses).toHaveLength(20);
    expectWithin("loss of step", stepLosses, losses.slice(0, STEPS), (step) => 1e-4 * Math.abs(losses[step] as number));
  });

  it("writes a model's texts as literals of ASCII signs, whatever they hold", () => {
    const source = toPyTorch(windows(), training);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are no others is what is asked.
    expect(source).toMatch(/^[\x0a\x20-\x7e]*$/);
    const names = windows().layers.map(({ name }) => name);
    const hostile = names.filter((name) => /["'\\\n]/.test(name));
    expect(hostile).toHaveLength(2);
    for (const name of hostile.filter((one) => /["\\\n]/.test(one))) expect(source).not.toContain(name);
    // Each line that holds a part of one is an entry of a table of literals, or the network's JSON.
    const lines = source.split("\n").filter((line) => /import os \\u00df|raise SystemExit\(1\)/.test(line));
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(line).toMatch(/^(CONFIG = | {4})"(?:[^"\\]|\\.)*"(,|: \(.*\),)?$/);
  });

  it("has no code of training where none is asked for", () => {
    const source = toPyTorch(network());
    expect(source).toContain("class Network(nn.Module):");
    expect(source).not.toMatch(/Optimizer|backward|distributed\.Distributed/);
  });

  it("says which layers have no counterpart", () => {
    const x = input([4, 4, 2]);
    const sum = operation({ op: "add", name: "my sum" })(x, constant({ shape: [1, 1, 1, 2], data: [1, 2] }));
    expect(() => toPyTorch(model({ inputs: x, outputs: sum }))).toThrow(ArgumentError);
    expect(() => toPyTorch(model({ inputs: x, outputs: sum }))).toThrow(/"my sum" \(operation\)/);
  });

  it.each<[string, Partial<PyTorchTraining>, RegExp]>([
    ["a loss of one's own", { loss: (_graph, y) => y }, /output "dense" is a function/],
    ["an unknown option", { batch: 3 } as never, /unknown option "batch"/],
    ["an unknown loss", { loss: "mean" }, /Unknown loss/],
    ["too many losses", { loss: ["mse", "mse"] }, /loss has 2 entries, the model 1 outputs \("dense"\)/],
    ["an unknown output", { loss: { other: "mse" } }, /names output "other"/],
    ["a class that is not there", { classWeight: { 7: 2 } }, /names class "7"/],
    ["two clips", { optimizer: adam({ clipValue: 1 }), clipNorm: 1 }, /clips too/],
    ["a batch of nothing", { batchSize: 0 }, /batchSize/],
  ])("refuses %s", (_, changed, message) => {
    expect(() => toPyTorch(network(), { ...training, ...changed })).toThrow(ArgumentError);
    expect(() => toPyTorch(network(), { ...training, ...changed })).toThrow(message);
  });

  it("refuses images' augmentation for what is none", () => {
    expect(() => toPyTorch(network(), { ...training, augment: { flip: "both" } })).toThrow(ShapeError);
  });

  it("takes the trainable weights alone, and every rule of the optimizer", () => {
    const frozen = sequential({ inputShape: [4] }, [
      dense({ units: 2, trainable: false }),
      batchNormalization(),
      dense({ units: 3 }),
    ]);
    const source = toPyTorch(frozen, { ...training, optimizer: rmsprop({ centered: true, momentum: 0.5 }) });
    expect(source).toContain(
      'TRAINABLE = [\n    "batch_normalization/gamma",\n    "batch_normalization/beta",\n    "dense_1/kernel",\n    "dense_1/bias",\n]',
    );
    expect(source).toContain('SLOTS = {"v": 0, "meanGradient": 0, "velocity": 0}');
  });
});
