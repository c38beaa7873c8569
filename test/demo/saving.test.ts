/** What the demo saves and writes: networks as files, drawings as JSON, the program that "Copy as code" gives. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { toCode } from "../../demo/code.ts";
import { readNetworkFile } from "../../demo/network_file.ts";
import { madeBy } from "../../demo/optimizer_rules.ts";
import { type Lesson, lessonDataset, lessonsFromJson, lessonsToJson } from "../../demo/teaching.ts";
import { networkWith, WeightsMismatchError, weightsFor } from "../../demo/weights_file.ts";
import { cpu } from "../../src/cpu.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/formats/checkpoint.ts";
import {
  activation,
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamw,
  add,
  batchNormalization,
  CortezaError,
  conv2d,
  createTrainer,
  dataset,
  dense,
  FormatError,
  flatten,
  ftrl,
  globalAveragePooling2d,
  input,
  lamb,
  lion,
  loadSafetensors,
  type Model,
  type ModelConfig,
  maxPooling2d,
  model,
  nadam,
  type Optimizer,
  rmsprop,
  sequential,
  sgd,
  type Tensor,
  toSafetensors,
} from "../../src/index.ts";
import { RandomData } from "../support/random.ts";

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
    const withTensor = (name: string, ...values: number[]) =>
      new Map([...tiny().parameters, [name, { shape: [values.length], data: Float32Array.from(values) }]]);
    const rates = (row: number[]) => Array.from({ length: 16 }, () => row).flat();
    const wrong: [Uint8Array, RegExp, string][] = [
      [new TextEncoder().encode("this is no network at all"), /safetensors/, "damaged"],
      [toSafetensors(tiny().parameters), /no Corteza checkpoint/, "damaged"],
      [file({ model: colours.toJSON() }), /takes \[28, 28, 3\]/, "digits"],
      [file({ model: { kind: "transformer" } }), /not the configuration/, "network"],
      [file({ optimizer: undefined }), /no optimizer/, "optimizer"],
      [file({ optimizer: { kind: "toString" } }), /no optimizer here/, "optimizer"],
      [file({ optimizer: { ...adam().rule, beta1: 1.5 } }), /beta1 must be/, "optimizer"],
      [file({ optimizer: { ...adam().rule, beta1: "0.9" } }), /cannot have "beta1"/, "optimizer"],
      [file({ optimizer: { ...adam().rule, momentum: 0.9 } }), /adam has no "momentum"/, "optimizer"],
      [file({ optimizer: { ...adam().rule, clip: { by: "toString", limit: 1 } } }), /cannot have/, "optimizer"],
      [file({ seed: "1; alert()" }), /seed is/, "counter"],
      [file({}, withTensor("trainer/step", -5)), /from 0 to/, "counter"],
      [file({}, withTensor("trainer/step", 0.5)), /whole number/, "counter"],
      [file({}, withTensor("trainer/step", 4e9)), /from 0 to/, "counter"],
      [file({}, withTensor("trainer/cursor", -1)), /from 0 to/, "counter"],
      [file({}, withTensor("trainer/learningRate", 1, 2, 3)), /has 3 numbers, not 128/, "rate"],
      [file({}, withTensor("trainer/learningRate", ...Array<number>(128).fill(7))), /kind 7/, "rate"],
      // Restarts that halve their length: counting them never ends.
      [
        file({}, withTensor("trainer/learningRate", ...rates([0, 8, 3, 0.1, 0, 0.5, 1, 0]))),
        /restarts segment/,
        "rate",
      ],
      [file({}, withTensor("trainer/learningRate", ...rates([0, 1, 0, -1, -1, 1, 0, 0]))), /rate of -1/, "rate"],
      [file({ batchSize: 1e9 }), /batch size/, "batch"],
      [file({}, new Map([...tiny().parameters].slice(1))), /"conv2d\/kernel" is missing/, "tensor"],
      [file({}, diverged), /not numbers/, "notFinite"],
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

describe("the rule of an optimizer", () => {
  const all: Optimizer[] = [
    ...[adam(), adam({ beta1: 0.8, amsgrad: true, epsilonAs: "keras" }), adamw(), adamw({ weightDecay: 0.1 })],
    ...[
      sgd(),
      sgd({ momentum: 0.9, nesterov: true, clipNorm: 1 }),
      sgd({ weightDecay: 0.1, decoupledWeightDecay: true }),
    ],
    ...[
      rmsprop({ centered: true, momentum: 0.5 }),
      nadam({ momentumDecay: 0.5 }),
      adamax(),
      adagrad({ epsilon: 1e-3 }),
    ],
    ...[adadelta({ rho: 0.9 }), lamb({ globalClipNorm: 2 }), lion({ beta2: 0.9 }), adafactor({ clipThreshold: 2 })],
    ...[ftrl({ l1RegularizationStrength: 0.1, l2ShrinkageRegularizationStrength: 0.2 }), adam({ clipValue: 0.5 })],
    ...[adam({ useEma: true }), adam({ useEma: true, emaMomentum: 0.9, emaOverwriteFrequency: 3 })],
  ];

  it.each(all.map((one) => [JSON.stringify(one.rule), one] as const))(
    "is made again by its options: %s",
    (_, optimizer) => {
      const { name, options, rule } = madeBy(JSON.parse(JSON.stringify(optimizer.rule)));
      expect(rule).toEqual(optimizer.rule);
      const make = { adam, adamw, sgd, rmsprop, nadam, adamax, adagrad, adadelta, lamb, lion, adafactor, ftrl }[name];
      expect(make(options).rule).toEqual(optimizer.rule);
    },
  );
});

/** What PyTorch computes: tensors are [channels][rows][columns] behind each other, kernels [out, in, height, width]. */
const inPyTorch = {
  /** A convolution that keeps the size, then ReLU, then the largest of each 2×2. */
  convPool(x: number[][][], weight: Tensor, bias: Tensor): number[][][] {
    const [out = 0, inner = 0, side = 0] = weight.shape;
    const edge = (side - 1) / 2;
    const convolved = range(out).map((o) =>
      x[0]!.map((row, y) =>
        row.map((_, column) => {
          let sum = bias.data[o]!;
          for (const c of range(inner))
            for (const dy of range(side))
              for (const dx of range(side)) {
                const value = x[c]![y + dy - edge]?.[column + dx - edge] ?? 0;
                sum += value * weight.data[((o * inner + c) * side + dy) * side + dx]!;
              }
          return Math.max(0, sum);
        }),
      ),
    );
    return convolved.map((map) =>
      range(map.length / 2).map((y) =>
        range(map.length / 2).map((column) =>
          Math.max(...[0, 1].flatMap((dy) => [0, 1].map((dx) => map[2 * y + dy]![2 * column + dx]!))),
        ),
      ),
    );
  },
  linear: (x: number[], weight: Tensor, bias: Tensor): number[] =>
    range(bias.data.length).map((o) =>
      x.reduce((sum, value, i) => sum + value * weight.data[o * x.length + i]!, bias.data[o]!),
    ),
};
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("weights without a network", () => {
  const random = new RandomData(17);
  const tensor = (...shape: number[]): Tensor<Float32Array> => ({
    shape,
    data: Float32Array.from(random.normals(shape.reduce((product, extent) => product * extent, 1))),
  });
  /** As a library writes them: sorted by the alphabet. */
  const sorted = (tensors: Record<string, Tensor>) =>
    new Map(Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1)));
  const reread = (tensors: ReadonlyMap<string, Tensor>) => loadSafetensors(toSafetensors(tensors, { format: "pt" }));
  const network = () =>
    sequential({ inputShape: [8, 8, 3], seed: 3 }, [
      conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 16 }),
    ]);
  const pytorch = {
    "conv1.weight": tensor(4, 3, 3, 3),
    "conv1.bias": tensor(4),
    "conv2.weight": tensor(4, 4, 3, 3),
    "conv2.bias": tensor(4),
    "fc.weight": tensor(16, 16),
    "fc.bias": tensor(16),
  };

  it("of PyTorch compute in the network at hand what they compute in PyTorch", async () => {
    const weights = weightsFor(network(), reread(sorted(pytorch)));
    expect(weights).toMatchObject({ by: "shapes", layout: "pytorch", told: "shapes" });
    expect(weights.pairs).toEqual([
      ["conv1", "conv2d"],
      ["conv2", "conv2d_1"],
      ["fc", "dense"],
    ]);
    const model = network();
    model.setParameters(weights.parameters);
    // [channel][row][column], and the same pixels [row, column, channel].
    const image = range(3).map(() => range(8).map(() => [...Float32Array.from(random.normals(8))]));
    const pixels = Float32Array.from(
      range(8).flatMap((y) => range(8).flatMap((x) => range(3).map((c) => image[c]![y]![x]!))),
    );
    const one = inPyTorch.convPool(image, pytorch["conv1.weight"], pytorch["conv1.bias"]);
    const two = inPyTorch.convPool(one, pytorch["conv2.weight"], pytorch["conv2.bias"]);
    const wanted = inPyTorch.linear(two.flat(2), pytorch["fc.weight"], pytorch["fc.bias"]);
    const trainer = await createTrainer(model, { backend: cpu(), loss: LOSS, optimizer: adam(), batchSize: 1 });
    const { layers } = await trainer.inspect(pixels);
    const got = layers.at(-1)!.output.data;
    const size = Math.max(...wanted.map(Math.abs));
    // The longest sum here has 36 products, each rounded to f32 on the way.
    for (const [index, value] of wanted.entries())
      expect(Math.abs(value - got[index]!) / size).toBeLessThan(8 * Math.sqrt(36) * 2 ** -24);
  });

  it("with the model's own names are taken as they are", () => {
    const { parameters } = tiny();
    const weights = weightsFor(tiny(), reread(parameters));
    expect(weights).toMatchObject({ by: "names", layout: "keras", told: "shapes", pairs: [] });
    expect(weights.parameters).toEqual(parameters);
  });

  it("of square shapes are read as their names say, as this library's where these say nothing", () => {
    const square = sequential({ inputShape: [4] }, [dense({ units: 4 })]);
    const [kernel, bias] = [tensor(4, 4), tensor(4)];
    const turned = range(16).map((index) => kernel.data[4 * (index % 4) + Math.floor(index / 4)]);
    const read = (names: [string, string]) =>
      weightsFor(
        square,
        new Map([
          [names[0], kernel],
          [names[1], bias],
        ]),
      );
    const cases = [
      ["0.weight", "0.bias", "pytorch", "names", turned],
      ["logits/kernel:0", "logits/bias:0", "keras", "names", [...kernel.data]],
      ["matrix", "vector", "keras", "nothing", [...kernel.data]],
    ] as const;
    for (const [first, second, layout, told, values] of cases) {
      const weights = read([first, second]);
      expect(weights).toMatchObject({ layout, told });
      expect([...weights.parameters.get("dense/kernel")!.data]).toEqual(values);
      expect([...weights.parameters.get("dense/bias")!.data]).toEqual([...bias.data]);
    }
  });

  it("find their layers by number, not by the alphabet, with the statistics of a batch normalisation", () => {
    const model = sequential({ inputShape: [4, 4, 2] }, [
      conv2d({ filters: 2, kernelSize: 1 }),
      batchNormalization(),
      conv2d({ filters: 2, kernelSize: 1 }),
    ]);
    const tensors = {
      "features.2.weight": tensor(2, 2, 1, 1),
      "features.2.bias": tensor(2),
      "features.9.weight": tensor(2),
      "features.9.bias": tensor(2),
      "features.9.running_mean": tensor(2),
      "features.9.running_var": { shape: [2], data: Float32Array.of(0.5, 2) },
      "features.9.num_batches_tracked": { shape: [], data: Int32Array.of(7) },
      "features.10.weight": tensor(2, 2, 1, 1),
      "features.10.bias": tensor(2),
    };
    const { parameters, pairs } = weightsFor(model, reread(sorted(tensors)));
    expect(pairs.map(([from]) => from)).toEqual(["features.2", "features.9", "features.10"]);
    expect(parameters.get("conv2d/bias")?.data).toEqual(tensors["features.2.bias"].data);
    expect(parameters.get("conv2d_1/bias")?.data).toEqual(tensors["features.10.bias"].data);
    expect(parameters.get("batch_normalization/gamma")?.data).toEqual(tensors["features.9.weight"].data);
    expect(parameters.get("batch_normalization/moving_variance")?.data).toEqual(Float32Array.of(0.5, 2));
  });

  it("of another network are refused with every name that has no place, and numbers that are none too", () => {
    const { "conv2.weight": _, ...rest } = pytorch;
    const other = { ...rest, "conv2.weight": tensor(8, 4, 3, 3), "head.weight": tensor(2, 2), "head.bias": tensor(2) };
    const refusal = () => {
      try {
        weightsFor(network(), reread(sorted(other)));
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(refusal()).toBeInstanceOf(WeightsMismatchError);
    expect(refusal()).toMatchObject({
      layout: "pytorch",
      missing: [
        { name: "conv2d_1/kernel", shape: [4, 4, 3, 3] },
        { name: "conv2d_1/bias", shape: [4] },
      ],
      left: [
        { name: "conv2.bias", shape: [4] },
        { name: "conv2.weight", shape: [8, 4, 3, 3] },
        { name: "head.bias", shape: [2] },
        { name: "head.weight", shape: [2, 2] },
      ],
    });
    const diverged = { ...pytorch, "fc.bias": { shape: [16], data: new Float32Array(16).fill(Number.NaN) } };
    expect(() => weightsFor(network(), reread(sorted(diverged)))).toThrow(
      /"fc.bias" holds values that are not numbers/,
    );
  });

  it("begin a training of their own, and are known for trained ones when they are saved and opened again", async () => {
    const { parameters } = await checkpointOf(tiny())
      .then(readNetworkFile)
      .then(({ model }) => model);
    const moved = new Map(
      [...parameters].map(([name, { shape, data }]) => [name, { shape, data: data.map((v) => v + 1) }]),
    );
    const settings = { optimizer: sgd({ learningRate: 0.1 }), batchSize: 8, seed: 2 };
    const atHand = { model: tiny(), ...settings };
    const file = networkWith(weightsFor(atHand.model, moved), atHand);
    expect(file).toMatchObject({ steps: 0, pretrained: true, batchSize: 8, checkpoint: undefined });
    const trainer = await createTrainer(file.model, { ...settings, backend: cpu(), loss: LOSS });
    const again = readNetworkFile(await trainer.checkpoint());
    expect(again).toMatchObject({ steps: 0, pretrained: true, learningRate: 0.1 });
    expect(again.model.parameters).toEqual(moved);
    const untrained = await createTrainer(tiny(), { ...settings, backend: cpu(), loss: LOSS });
    expect(readNetworkFile(await untrained.checkpoint()).pretrained).toBe(false);
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
    const drawn = (key: number) => lessonDataset([lesson(7)], [lesson(1), lesson(2)], train, { key });
    const { labels, images } = drawn(3);
    const [, ones = 0, twos = 0, ...others] = Array.from(
      { length: 10 },
      (_, digit) => labels.filter((label) => label === digit).length,
    );
    expect(others).toEqual([0, 0, 768, 0, 128, 0, 0]);
    expect(ones + twos).toBe(128);
    expect(Math.min(ones, twos)).toBeGreaterThan(40);
    expect(images.filter((value) => value === 7)).toHaveLength(128 * 784);
    // The same key draws the same lots, another one others.
    const bytes = (key: number) =>
      Buffer.concat([drawn(key).images, drawn(key).labels].map((values) => Buffer.from(values)));
    expect(bytes(3).equals(bytes(3))).toBe(true);
    expect(bytes(4).equals(bytes(3))).toBe(false);
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

  it("keeps texts of a file texts: nothing of them is run, seen or ends a script", async () => {
    const evil = `"],\n}); globalThis.pwned = 1; ({ // \u202e </script><img onerror="globalThis.pwned=1"> \`\${globalThis.pwned = 1}`;
    const network = sequential({ inputShape: [4] }, [dense({ units: 3, name: evil })]);
    const config = network.toJSON() as { layers: object[] } & ModelConfig;
    const x = input([4], { name: evil });
    const branches = model({ inputs: x, outputs: add({ name: `${evil} too` })([x, x]) }).toJSON();
    for (const one of [config, branches]) {
      const code = toCode({
        ...options,
        model: one,
        optimizer: adam(),
        augment: undefined,
        data: "`$" + "{globalThis.pwned = 1}`",
      });
      expect(code).not.toMatch(/<\/script|\u202e/);
      const folder = await mkdtemp(join(tmpdir(), "corteza-code-"));
      try {
        const file = join(folder, "program.ts");
        // The network alone, and the address of its data: what else there is needs files.
        const made = code.slice(code.indexOf("const file"), code.indexOf("const trainer")).replace(/^const t.*$/gm, "");
        const imports = code
          .split("\n")[0]
          ?.replace('from "corteza"', `from ${JSON.stringify(join(ROOT, "src/index.ts"))}`);
        await writeFile(file, `${imports}\n${made}\nexport { network, file };\n`);
        const program = await import(/* @vite-ignore */ pathToFileURL(file).href);
        expect(program.network.toJSON()).toEqual(one);
        expect(program.file("x")).toContain("globalThis.pwned = 1");
        expect(globalThis).not.toHaveProperty("pwned");
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
  });

  it("has no place for keys that the library does not know", () => {
    const key = "x: 1 } } }); fetch('https://example.org'); ({ y";
    const rule: Optimizer["rule"] = Object.assign({}, adam().rule, { [key]: 1 });
    expect(() =>
      toCode({ ...options, model: tiny().toJSON(), optimizer: { rule, learningRate: 1 }, augment: undefined }),
    ).toThrow(/adam has no/);
    // Where one stands in a layer it is refused, or is a text at least.
    const network = tiny().toJSON();
    const layers =
      network.kind === "sequential"
        ? network.layers.map((layer) => ({ ...layer, options: { ...layer.options, [key]: 1 } }))
        : [];
    try {
      const code = toCode({
        ...options,
        model: { ...network, layers } as ModelConfig,
        optimizer: adam(),
        augment: undefined,
      });
      expect(code).toContain(`[${JSON.stringify(key)}]: 1`);
      expect(code.replaceAll(JSON.stringify(key), "")).not.toContain("example.org'");
    } catch (error) {
      expect(error).toBeInstanceOf(CortezaError);
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
