/** Files that Keras wrote (scripts/keras-fixtures.py): the same answers here. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../../src/index.ts";
import { loadKeras } from "../../../src/keras.ts";
import { fuzzKeras } from "../../support/fuzz_keras.ts";
import { expectSame, ours } from "../../support/tfjs.ts";

const FOLDER = resolve(import.meta.dirname, "files");
const read = (name: string) => new Uint8Array(readFileSync(resolve(FOLDER, name)));
const answers: Record<string, { inputs: number[][]; outputs: number[][] }> = JSON.parse(
  readFileSync(resolve(FOLDER, "answers.json"), "utf8"),
);
const FILES = [
  "windows.keras",
  "windows.h5",
  "pointwise.keras",
  "pointwise.h5",
  "graph.keras",
  "graph.h5",
  "keras2.h5",
];

/** An archive in which one entry is stored, whatever is said of it. */
function archive(name: string, size: number, method: number): Uint8Array {
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(30 + text.length + 46 + text.length + 22 + 64);
  const view = new DataView(bytes.buffer);
  const [data, entry] = [30 + text.length, 30 + text.length + 64];
  const end = entry + 46 + text.length;
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(26, text.length, true);
  bytes.set(text, 30);
  view.setUint32(entry, 0x02014b50, true);
  view.setUint16(entry + 10, method, true);
  view.setUint32(entry + 20, 64, true);
  view.setUint32(entry + 24, size, true);
  view.setUint16(entry + 28, text.length, true);
  bytes.set(text, entry + 46);
  view.setUint32(end, 0x06054b50, true);
  view.setUint16(end + 10, 1, true);
  view.setUint32(end + 16, entry, true);
  expect(data + 64).toBe(entry);
  return bytes;
}

describe("loadKeras", () => {
  it.each(FILES)("%s: Keras' answers", async (file) => {
    const model = loadKeras(read(file));
    const { inputs, outputs } = answers[file.replace(/\..*/, "")] ?? { inputs: [], outputs: [] };
    expectSame(
      await ours(
        model,
        inputs.map((one) => Float32Array.from(one)),
      ),
      outputs.map((one) => Float32Array.from(one)),
    );
    expect(model.lost).toEqual([]);
  });

  it("keeps names, options and the order of inputs", () => {
    const graph = loadKeras(read("graph.keras"));
    expect(graph.inputNames).toEqual(["right", "left"]);
    expect(graph.layers.map(({ name }) => name)).toEqual(expect.arrayContaining(["conv", "other_conv", "conv_1"]));
    const windows = loadKeras(read("windows.h5"));
    expect(windows.isSequential).toBe(true);
    expect(windows.layers[0]?.layer.config.options).toEqual({
      ...{ filters: 6, kernelSize: [3, 2], padding: "same", groups: 2, activation: "relu" },
      ...{ kernelRegularizer: { l1: 0, l2: 0.01 }, kernelInitializer: "glorotUniform" },
    });
    expect(windows.layers.at(-1)?.layer.config.options["kernelConstraint"]).toEqual({
      minValue: 0,
      maxValue: 3,
      rate: 1,
      axis: 0,
    });
  });

  it("says what a file is that is none", () => {
    expect(() => loadKeras(new TextEncoder().encode("<html>"))).toThrow(/web page/);
    expect(() => loadKeras(new Uint8Array())).toThrow(FormatError);
    expect(() => loadKeras(archive("notes.txt", 64, 0))).toThrow(/no config.json/);
  });

  it("refuses bombs by what they say of themselves", () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(() => loadKeras(archive("config.json", 0xfffffff0, 8))).toThrow(/would unpack to/);
    expect(() => loadKeras(archive("config.json", 2 ** 24, 8))).toThrow(/cannot hold/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });
});

const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1e9);

it(`5,000 broken files of Keras are refused by FormatError, quickly and in little memory (FUZZ_SEED=${SEED})`, async () => {
  const report = await fuzzKeras(FILES.map(read), 5000, SEED);
  console.log(String(report));
  expect(report.faults.slice(0, 20)).toEqual([]);
  expect(report.refused.get("FormatError")).toBeGreaterThan(500);
}, 120_000);
