/** What the demo saves and writes: networks as files, drawings as JSON, the program that "Copy as code" gives. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { toCode } from "../../demo/code.ts";
import { readNetworkFile } from "../../demo/network_file.ts";
import { type Lesson, lessonDataset, lessonsFromJson, lessonsToJson } from "../../demo/teaching.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/formats/checkpoint.ts";
import {
  activation,
  adam,
  add,
  conv2d,
  cpu,
  createTrainer,
  dataset,
  dense,
  FormatError,
  flatten,
  globalAveragePooling2d,
  input,
  type Model,
  maxPooling2d,
  model,
  type Optimizer,
  sequential,
  sgd,
  toSafetensors,
} from "../../src/index.ts";

const LOSS = "sparseCategoricalCrossentropy";
const ROOT = resolve(import.meta.dirname, "../..");

function tiny(): Model {
  return sequential({ inputShape: [28, 28, 1], seed: 5 }, [
    conv2d({ filters: 2, kernelSize: 5, strides: 3, activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 10 }),
  ]);
}

function branching(): Model {
  const x = input([28, 28, 1], { name: "picture" });
  const shared = conv2d({ filters: 2, kernelSize: 3, padding: "same", name: "shared" });
  const stem = conv2d({ filters: 2, kernelSize: 3, strides: 4, padding: "same" })(x);
  const sum = activation("relu")(add()([stem, shared(shared(stem))]));
  return model({ inputs: x, outputs: dense({ units: 10 })(globalAveragePooling2d()(sum)), seed: 9 });
}

async function checkpointOf(network: Model, optimizer: Optimizer = adam()): Promise<Uint8Array> {
  const trainer = await createTrainer(network, { backend: cpu(), loss: LOSS, optimizer, batchSize: 8, seed: 2 });
  const labels = [3, 1, 4];
  await trainer.trainOnBatch(new Float32Array(3 * 784).fill(0.5), labels);
  return trainer.checkpoint();
}

describe("a network as a file", () => {
  it("comes back with its layers, optimizer, batch size and place", async () => {
    const checkpoint = await checkpointOf(tiny(), sgd({ learningRate: 0.1, momentum: 0.9 }));
    const file = readNetworkFile(checkpoint);
    expect(file.model.toJSON()).toEqual(tiny().toJSON());
    expect(file.rule).toEqual(sgd({ momentum: 0.9 }).rule);
    expect([file.batchSize, file.seed, file.steps]).toEqual([8, 2, 1]);
    const again = await createTrainer(file.model, {
      ...{ backend: cpu(), loss: LOSS, batchSize: file.batchSize, seed: file.seed },
      optimizer: { rule: file.rule, learningRate: 0.1 },
    });
    await again.restore(file.checkpoint);
    expect(decodeCheckpoint(await again.checkpoint())).toEqual(decodeCheckpoint(checkpoint));
  });

  it("is refused with the reason where it is something else", async () => {
    const config = (change: object) => ({
      ...{ model: tiny().toJSON(), loss: LOSS, optimizer: adam().rule, batchSize: 8, seed: 2 },
      ...change,
    });
    const file = (change: object, tensors = tiny().parameters) => encodeCheckpoint({ config: config(change), tensors });
    const colours = sequential({ inputShape: [28, 28, 3] }, [flatten(), dense({ units: 10 })]);
    const diverged = tiny().parameters;
    diverged.get("dense/bias")!.data[0] = Number.NaN;
    const wrong: [Uint8Array, RegExp, string][] = [
      [new TextEncoder().encode("this is no network at all"), /safetensors/, "damaged"],
      [toSafetensors(tiny().parameters), /no Corteza checkpoint/, "damaged"],
      [file({ model: colours.toJSON() }), /takes \[28, 28, 3\]/, "digits"],
      [file({ model: { kind: "transformer" } }), /not the configuration/, "network"],
      [file({ optimizer: undefined }), /no optimizer/, "optimizer"],
      [file({ batchSize: 1e9 }), /batch size/, "batch"],
      [file({}, new Map([...tiny().parameters].slice(1))), /"conv2d\/kernel" is missing/, "tensor"],
      [file({}, diverged), /no numbers/, "notFinite"],
    ];
    for (const [bytes, message, kind] of wrong) {
      expect(() => readNetworkFile(bytes)).toThrow(FormatError);
      expect(() => readNetworkFile(bytes)).toThrow(message);
      // What the page says it by, in its language.
      expect(() => readNetworkFile(bytes)).toThrow(
        expect.objectContaining({ problem: expect.objectContaining({ kind }) }),
      );
    }
    const cut = (await checkpointOf(tiny())).slice(0, -8);
    expect(() => readNetworkFile(cut)).toThrow(/cut off/);
  });
});

describe("drawings as lessons", () => {
  const lesson = (label: number): Lesson => ({ label, pixels: new Float32Array(784).fill(label / 255) });

  it("go into JSON and come back", () => {
    const lessons = [lesson(7), lesson(0)];
    expect(lessonsFromJson(lessonsToJson(lessons))).toEqual(lessons);
    for (const [text, message] of [
      ["{", "not JSON"],
      ["{}", "corteza-lessons-1"],
      [JSON.stringify({ format: "corteza-lessons-1", lessons: [{ label: 10, pixels: "" }] }), "lesson 1 has no digit"],
      [JSON.stringify({ format: "corteza-lessons-1", lessons: [{ label: 1, pixels: "AAAA" }] }), "3 pixels, not 784"],
    ] as const) {
      expect(() => lessonsFromJson(text)).toThrow(message);
    }
  });

  it("are a quarter of a lesson, half of them new; the rest are training digits", () => {
    const train = dataset({
      images: new Uint8Array(784 * 2).fill(200),
      labels: [5, 5],
      shape: [28, 28, 1],
      classes: 10,
    });
    const { labels, images } = lessonDataset([lesson(7)], [lesson(1), lesson(2)], train, () => 0.6);
    const counts = Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length);
    expect(counts).toEqual([0, 0, 32, 0, 0, 192, 0, 32, 0, 0]);
    expect(images.filter((value) => value === 7)).toHaveLength(32 * 784);
  });
});

describe("the copied program", () => {
  const options = { loss: LOSS, batchSize: 25, seed: 4, epochs: 1, data: "https://example.org/data/mnist-small" };

  afterEach(() => vi.restoreAllMocks());

  it.each([
    ["a chain", tiny(), adam({ learningRate: 0.002, beta1: 0.8 }), { shift: 2, rotate: 10 }],
    ["a network with branches", branching(), sgd({ learningRate: 0.05, momentum: 0.9 }), undefined],
  ] as const)("runs and trains the same network: %s", async (_, network, optimizer, augment) => {
    const code = toCode({ ...options, model: network.toJSON(), optimizer, augment });
    const folder = await mkdtemp(join(tmpdir(), "corteza-code-"));
    try {
      vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
        const name = /data\/(.*)$/.exec(String(url))?.[1] ?? "";
        return new Response(await readFile(join(ROOT, "public/data", name)));
      });
      const said: string[] = [];
      vi.spyOn(console, "log").mockImplementation((line) => void said.push(String(line)));
      // The program as it is, but for where the library lies; what it makes is handed out.
      const file = join(folder, "program.ts");
      const here = code.replace('from "corteza"', `from ${JSON.stringify(join(ROOT, "src/index.ts"))}`);
      expect(here).not.toBe(code);
      await writeFile(file, `${here}\nexport { network };\n`);
      const program = await import(/* @vite-ignore */ pathToFileURL(file).href);
      expect(said.at(-1)).toMatch(/^[\d.]+ % of 500 digits/);
      expect(program.network.toJSON()).toEqual(network.toJSON());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("names only what differs from the defaults", () => {
    const code = toCode({
      ...options,
      model: tiny().toJSON(),
      optimizer: adam({ learningRate: 0.001 }),
      augment: undefined,
    });
    expect(code).toContain("optimizer: adam({ learningRate: 0.001 }),");
    expect(code).toContain("  dense({ units: 10 }),");
    expect(code).not.toContain("augment");
  });
});
