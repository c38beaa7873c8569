/** Modules of networks in plain JavaScript, without a GPU, against the library on its CPU backend. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  activation,
  adam,
  add,
  createClassifier,
  createPredictor,
  createTrainer,
  defineLayer,
  dense,
  input,
  type Model,
  model,
  sequential,
} from "../../src/index.ts";
import { halfOf } from "../../src/standalone/weights.ts";
import { smallWgsl } from "../../src/standalone/wgsl.ts";
import { type StandaloneOptions, toStandaloneModule } from "../../src/standalone.ts";
import { valuesOfPicture } from "../../src/train/picture_reading.ts";
import { LAYER_CASES } from "../support/layer_cases.ts";
import { referenceNetwork, smallNetwork } from "../support/networks.ts";
import { importedNetwork, modelOf, OPERATION_CASES } from "../support/operations.ts";
import { RandomData } from "../support/random.ts";
import { randomNetwork } from "../support/random_networks.ts";
import { importModule } from "../support/standalone.ts";

const moduleOf = async (one: Model, options?: StandaloneOptions) =>
  importModule(await toStandaloneModule(one, options));

const inputsOf = (one: Model, seed = 1) => {
  const random = new RandomData(seed);
  return one.inputShapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform()),
  );
};

/** The largest difference, as a share of what is compared where that is beyond 1. */
function distance(got: Float32Array, wanted: Float32Array): number {
  expect(got.length).toBe(wanted.length);
  return wanted.reduce((most, value, place) => {
    const one = Math.abs((got[place] as number) - value) / Math.max(1, Math.abs(value));
    return Number.isNaN(one) ? Number.POSITIVE_INFINITY : Math.max(most, one);
  }, 0);
}

/** What the module gives, whether as classes or as values, beside what the library gives. */
async function compare(one: Model, feeds: readonly Float32Array[]): Promise<void> {
  const made = await moduleOf(one);
  expect(await made.load()).toBe("javascript");
  const answer = await made.predict(feeds.length === 1 ? feeds[0] : feeds);
  if (made.labels === undefined) {
    const predictor = await createPredictor(one, { backend: cpu() });
    const outputs = await predictor.predict(feeds);
    expect(answer.map(({ name, shape }) => ({ name, shape: [1, ...shape] }))).toEqual(
      outputs.map(({ shape }, index) => ({ name: one.outputNames[index], shape })),
    );
    outputs.forEach(({ data }, index) => {
      expect(distance(answer[index]!.data, data)).toBeLessThan(1e-5);
    });
    predictor.dispose();
  } else {
    const classifier = await createClassifier(one, { backend: cpu() });
    const { probabilities, label, index, labels } = await classifier.predict(feeds.length === 1 ? feeds[0]! : feeds);
    expect(distance(answer.probabilities, probabilities)).toBeLessThan(1e-5);
    expect({ label: answer.label, index: answer.index, labels: answer.labels }).toEqual({ label, index, labels });
    classifier.dispose();
  }
}

describe("a module without a GPU answers as the library does", () => {
  it.each(Object.keys(LAYER_CASES))("layer %s", async (name) => {
    const { make, input: shape } = LAYER_CASES[name]!;
    const one = sequential({ inputShape: shape, seed: 3 }, [make()]);
    await compare(one, inputsOf(one));
  });

  // A loss: no network predicts by it.
  const predicting = Object.keys(OPERATION_CASES).filter((name) => name !== "softmaxCrossEntropy");

  it.each(predicting)("operation %s", async (name) => {
    const { made, feeds } = modelOf(name, OPERATION_CASES[name]!, 1);
    await compare(made, feeds);
  });

  it("of 12 networks drawn at random, with branches, several inputs and several outputs", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const one = randomNetwork(seed);
      await compare(one, inputsOf(one, seed));
    }
  });

  it("of a network of layers, ops, parts and constants", async () => {
    const one = importedNetwork();
    await compare(one, inputsOf(one));
  });
});

describe("a module's pictures are the classifier's, bit for bit", () => {
  it.each([1, 3] as const)("%i channels", async (channels) => {
    const random = new RandomData(5);
    const shape = [6, 7, channels];
    // Gives the values that it is given.
    const one = sequential({ inputShape: shape }, [activation("linear")]);
    const choices = [{}, { background: "#f0a" }, { invert: true }, { background: "white", invert: "auto" }] as const;
    for (const options of choices) {
      const made = await moduleOf(one, options);
      const pictures = [
        [7, 6, () => 255],
        [12, 20, () => random.integer(0, 255)],
        [3, 4, () => 0],
        [1, 9, () => 255 * random.integer(0, 1)],
        [1500, 3, () => random.integer(0, 255)],
        // Dark ink on nothing.
        [9, 9, (place: number) => (place === 4 * 40 + 3 ? 255 : 0)],
      ] as const;
      for (const [width, height, alpha] of pictures) {
        const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, place) =>
          place % 4 === 3 ? alpha(place) : random.integer(0, width === 9 ? 60 : 255),
        );
        const image = { width, height, data };
        const [{ data: got } = { data: undefined }] = await made.predict(image);
        expect(got).toEqual(valuesOfPicture({ image, shape, most: 1024 }, options));
      }
    }
  });

  it("bytes are pixels, other numbers are taken as they are", async () => {
    const one = sequential({ inputShape: [2, 2, 1] }, [activation("linear")]);
    const { predict } = await moduleOf(one);
    const values = async (given: unknown) => (await predict(given))[0]!.data;
    expect(await values(Uint8Array.of(0, 51, 102, 255))).toEqual(Float32Array.of(0, 51 / 255, 102 / 255, 1));
    expect(await values([0, 51, 102, 255])).toEqual(Float32Array.of(0, 51, 102, 255));
    // Red, green, blue and alpha of four pixels.
    const rgba = Uint8ClampedArray.from({ length: 16 }, (_, place) => (place % 4 === 3 ? 255 : 17 * place));
    expect(await values(rgba)).toEqual(
      valuesOfPicture({ image: { width: 2, height: 2, data: rgba }, shape: [2, 2, 1], most: 1024 }, {}),
    );
  });
});

describe("what a module refuses", () => {
  const refused = async (given: unknown, one: Model = smallNetwork()) => (await moduleOf(one)).predict(given);

  it.each([
    ["nothing", undefined, /got Undefined; give a canvas/],
    ["too few values", new Float32Array(63), /\[8,8,1\] has 64 values, got 63/],
    ["NaN", new Float32Array(64).fill(Number.NaN), /not finite/],
    [
      "a picture whose pixels are gone",
      { width: 8, height: 8, data: new Uint8Array() },
      /got 0 values for 8 × 8 pixels/,
    ],
    ["two images", [new Float32Array(64), new Float32Array(64)], /has 1 inputs .* got 2/],
  ])("%s", async (_, given, message) => {
    await expect(refused(given)).rejects.toThrow(message);
  });

  it("a picture for a network that takes none", async () => {
    const one = sequential({ inputShape: [4] }, [dense({ units: 2 })]);
    await expect(refused({ width: 1, height: 1, data: new Uint8Array(4) }, one)).rejects.toThrow(
      /but the network wants \[4\]/,
    );
  });

  it("answers that are not finite", async () => {
    const one = sequential({ inputShape: [1] }, [dense({ units: 2 })]);
    await expect(refused([3e38], one)).resolves.toBeDefined();
    one.setParameters(new Map([["dense/kernel", { shape: [1, 2], data: Float32Array.of(3e38, 3e38) }]]), {
      partial: true,
    });
    await expect(refused([3e38], one)).rejects.toThrow(/not finite/);
  });
});

describe("what toStandaloneModule takes", () => {
  it.each([
    [{ labels: ["a", "b"] }, /2 labels for a model with 3 classes/],
    [{ labels: "abc" }, /must be a list of names/],
    [{ activation: "relu" }, /activation must be "softmax" or "sigmoid", got "relu"/],
    [{ weights: "int4" }, /weights must be "float32" or "float16", got "int4"/],
    [{ background: "sky" }, /background must be/],
    [{ label: [] }, /label/],
  ])("no %j", async (options, message) => {
    const error = await toStandaloneModule(smallNetwork(), options as StandaloneOptions).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ArgumentError);
    expect(String(error)).toMatch(message);
  });

  it("no labels for values that are no classes, no activation beside the model's own, no other things than models", async () => {
    const values = sequential({ inputShape: [4, 4, 1] }, [activation("tanh")]);
    await expect(toStandaloneModule(values, { labels: ["a"] })).rejects.toThrow(/one output, a row of classes/);
    const ends = sequential({ inputShape: [4] }, [dense({ units: 2, activation: "softmax", name: "end" })]);
    await expect(toStandaloneModule(ends, { activation: "sigmoid" })).rejects.toThrow(/layer "end" ends in softmax/);
    await expect(toStandaloneModule({} as Model)).rejects.toThrow(/wants a model/);
  });

  it("no op that a module has no loops for: the error names it and its layer", async () => {
    const noisy = defineLayer({
      kind: "noisy",
      build: (graph, x) => graph.gaussianNoise(x, { stddev: 1 }),
    });
    const one = sequential({ inputShape: [4] }, [noisy({ name: "rain" }), dense({ units: 2 })]);
    const { made } = modelOf("softmaxCrossEntropy", OPERATION_CASES["softmaxCrossEntropy"]!, 1);
    await expect(toStandaloneModule(made)).rejects.toThrow(
      /no loops for "softmaxCrossEntropy" \("softmax_cross_entropy"\)/,
    );
    await expect(toStandaloneModule(one)).rejects.toThrow(/no loops for "gaussianNoise" \("rain"\)/);
  });

  it("no weights that are still on a device", async () => {
    const one = smallNetwork();
    const trainer = await createTrainer(one, {
      ...{ backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 8 },
    });
    await trainer.trainOnBatch(new Float32Array(8 * 64), new Uint8Array(8));
    await expect(toStandaloneModule(one)).rejects.toThrow(/syncModel/);
    await trainer.syncModel();
    await expect(toStandaloneModule(one)).resolves.toContain("export {");
    trainer.dispose();
  });

  it("a model with one output and one label, or two", async () => {
    const one = sequential({ inputShape: [3], seed: 2 }, [dense({ units: 1 })]);
    for (const labels of [["yes"], ["no", "yes"]]) {
      const made = await moduleOf(one, { labels });
      const classifier = await createClassifier(one, { labels, backend: cpu() });
      for (const values of [
        [1, 2, 3],
        [-1, -2, -3],
      ]) {
        const [got, wanted] = [await made.predict(values), await classifier.predict(values)];
        expect(distance(got.probabilities, wanted.probabilities)).toBeLessThan(1e-6);
        expect({ ...got, probabilities: 0 }).toEqual({ ...wanted, probabilities: 0 });
      }
    }
  });
});

describe("what is in a module", () => {
  it("is no more than 12 kB of gzip beside the weights of the reference network, and imports and evaluates nothing", async () => {
    const source = await toStandaloneModule(referenceNetwork());
    const code = source.replace(/^const WEIGHTS = ".*";$/m, "");
    const bytes = gzipSync(code, { level: 9 }).length;
    console.log(
      `the reference network's module: ${bytes} bytes of gzip beside ${source.length - code.length} of weights`,
    );
    expect(source.length - code.length).toBeGreaterThan(4 * 50_000);
    expect(bytes).toBeLessThanOrEqual(12_000);
    expect(code).not.toMatch(/\bimport\b|\beval\b|\bFunction\(|\bfetch\b|Worker|WebAssembly|Blob|https?:/);
  });

  it("names, whatever is in them, are texts and nothing else", async () => {
    const hostile = `"]; globalThis.taken = 1; ["\\u2028\u2028\n\`\${1}\`</script><!--`;
    const [left, right] = [input([4], { name: hostile }), input([4], { name: "__proto__" })];
    const both = add({ name: `${hostile}1` })([left, right]);
    const one = model({ inputs: [left, right], outputs: dense({ units: 2, name: `${hostile}2` })(both) });
    const labels = [`${hostile}3`, "*/ globalThis.taken = 1 /*"];
    const source = await toStandaloneModule(one, { labels });
    expect(source).not.toMatch(/<\/script|<!--|\u2028/);
    const made = await importModule(source);
    expect(made.labels).toEqual(labels);
    expect(labels).toContain(
      (
        await made.predict([
          [1, 2, 3, 4],
          [1, 1, 1, 1],
        ])
      ).label,
    );
    await expect(made.predict([1, 2, 3, 4])).rejects.toThrow(hostile);
    expect("taken" in globalThis).toBe(false);
  });
});

describe("weights in 16 bits", () => {
  it("are the nearest halves: of all halves themselves, and of what lies between two", () => {
    const value = (half: number) => {
      const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
      return exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    };
    for (let half = 0; half <= 0x7bff; half++) {
      if (halfOf(value(half)) !== half || halfOf(-value(half)) !== half + 0x8000) throw new Error(`half ${half}`);
      if (half === 0x7bff) break;
      const middle = (value(half) + value(half + 1)) / 2;
      const even = half % 2 === 0 ? half : half + 1;
      expect([halfOf(middle * (1 - 2 ** -40)), halfOf(middle), halfOf(middle * (1 + 2 ** -40))]).toEqual([
        half,
        even,
        half + 1,
      ]);
    }
  });

  it("make the file half as large, and answers differ by their rounding", async () => {
    const one = referenceNetwork();
    const [whole, half] = [await toStandaloneModule(one), await toStandaloneModule(one, { weights: "float16" })];
    expect(half.length).toBeLessThan(0.62 * whole.length);
    const [feed] = inputsOf(one);
    const [wanted, got] = [
      await (await importModule(whole)).predict(feed),
      await (await importModule(half)).predict(feed),
    ];
    const difference = distance(got.probabilities, wanted.probabilities);
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(2e-3);
  });

  it("stay in 32 where one is beyond 65,504", async () => {
    const one = sequential({ inputShape: [1] }, [dense({ units: 2 })]);
    one.setParameters(new Map([["dense/kernel", { shape: [1, 2], data: Float32Array.of(70_000, 0.1) }]]), {
      partial: true,
    });
    const made = await moduleOf(one, { weights: "float16", activation: "sigmoid" });
    const { probabilities } = await made.predict([-1e-5]);
    expect(distance(probabilities, Float32Array.of(1 / (1 + Math.exp(0.7)), 1 / (1 + Math.exp(1e-6))))).toBeLessThan(
      1e-6,
    );
  });
});

describe("shaders in a module", () => {
  it("have short names for what they declare, and keep members, attributes, types and words of WGSL", () => {
    const source = `// A comment.
enable f16;
const UNUSED: u32 = 3u;
const SIZE: u32 = 4u;
struct Pair { value: f32, index: u32 }
@group(0) @binding(0) var<storage, read> input: array<f32>;
var<workgroup> workgroup: array<Pair, SIZE>;
fn twice(value: f32, group: u32) -> f32 { return value * 2.0 - f32(group) ; }
@compute @workgroup_size(SIZE)
fn main(@builtin(local_invocation_index) thread: u32) {
  let pair = Pair(twice(input[thread], SIZE), thread);
  if (pair.value > 1.0 && pair.index <= SIZE) { workgroup[thread] = pair; }
}
`;
    expect(smallWgsl(source)).toMatchInlineSnapshot(
      `"enable f16;const a:u32=4u;struct d{value:f32,index:u32}@group(0)@binding(0)var<storage,read> e:array<f32>;var<workgroup> workgroup:array<d,a>;fn f(value:f32,g:u32)-> f32{return value*2.0-f32(g);}@compute @workgroup_size(a)fn main(@builtin(local_invocation_index)b:u32){let c=d(f(e[b],a),b);if(c.value > 1.0&&c.index<=a){workgroup[b]= c;}}"`,
    );
  });
});
