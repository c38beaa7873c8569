import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { at } from "../core/at.ts";
import { ArgumentError, ModuleLoadError } from "../core/errors.ts";
import { cpu } from "../cpu/backend.ts";
import { MOST_PIXELS } from "../data/pictures/decode.ts";
import { imageBytes, seenPart } from "../data/pictures/fit.ts";
import { checkedFormat } from "../data/pictures/types.ts";
import type { Backend } from "../graph/backend.ts";
import type { Model } from "../nn/model.ts";
import { createPredictor } from "../train/predictor.ts";
import { wasm } from "../wasm/open.ts";
import { readModel } from "./read_model.ts";
import { type Command, UsageError } from "./usage.ts";

export const predict: Command = {
  summary: "names what is on pictures",
  help: `corteza predict FILE PICTURE... [--labels FILE] [--top N] [--invert] [--backend wasm|cpu] [--json]

Shows pictures to a network and prints its most probable classes. A picture is cut to the network's shape from its middle; of a network
for one channel it becomes grey. Pictures are decoded by the npm package sharp (npm install sharp).

FILE      a file of Corteza (.safetensors), ONNX (.onnx), Keras (.keras, .h5) or TensorFlow.js (model.json, or its folder)
PICTURE   JPEG, PNG, WebP, GIF or AVIF

--labels FILE   names of the classes, a line each; default 0, 1, …
--top N         classes a picture; default 3
--invert        light becomes dark: for ink on paper, and a network that learned light digits on black
--backend B     wasm (default) or cpu
--json          a line of JSON a picture

corteza predict digits.safetensors photo.png --invert --top 1`,

  async run(words, console) {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        ...{ labels: { type: "string" }, top: { type: "string" }, backend: { type: "string" } },
        ...{ invert: { type: "boolean" }, json: { type: "boolean" } },
      },
    });
    const [file, ...pictures] = positionals;
    if (file === undefined || pictures.length === 0) throw new UsageError("predict wants a network and pictures");
    const top = Number(values.top ?? 3);
    if (!(Number.isInteger(top) && top > 0))
      throw new UsageError(`--top must be a whole number of at least 1, got "${values.top}"`);
    const { model } = await readModel(file);
    const classes = classesOf(model, values.labels === undefined ? undefined : await readFile(values.labels, "utf8"));
    const backend = await backendOf(values.backend ?? "wasm");
    const predictor = await createPredictor(model, { backend, batchSize: 1 });
    try {
      for (const picture of pictures) {
        const pixels = await pixelsOf(picture, model, values.invert === true);
        const [outputs] = await predictor.predict(pixels);
        const shares = [...probabilitiesOf(model, outputs?.data ?? new Float32Array())];
        const best = [...shares.keys()].sort((a, b) => at(shares, b) - at(shares, a)).slice(0, top);
        const found = best.map((index) => ({ label: at(classes, index), probability: at(shares, index) }));
        if (values.json) console.out(JSON.stringify({ picture, predictions: found }));
        else {
          const words = found.map(({ label, probability }) => `${label} ${(100 * probability).toFixed(1)} %`);
          console.out(`${picture}: ${words.join(", ")}`);
        }
      }
    } finally {
      predictor.dispose();
      backend.dispose();
    }
  },
};

/** Names of the classes, which are those of one row of outputs. */
function classesOf({ outputShapes }: Model, labels: string | undefined): string[] {
  const [shape = [], ...others] = outputShapes;
  if (shape.length !== 1 || others.length > 0) {
    throw new ArgumentError("predict: the network does not give one row of classes.");
  }
  const count = at(shape, 0);
  const names = labels?.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (names && names.length !== count) {
    throw new ArgumentError(`predict: the file of labels has ${names.length} names, the network ${count} classes.`);
  }
  return names ?? Array.from({ length: count }, (_, index) => String(index));
}

async function backendOf(name: string): Promise<Backend> {
  if (name === "cpu") return cpu();
  if (name === "wasm") return wasm();
  throw new UsageError(`--backend must be wasm or cpu, got "${name}"`);
}

/** As the network wants it, [height, width, channels], bytes: as `imageFolder` has pictures. */
async function pixelsOf(path: string, { inputShape }: Model, invert: boolean): Promise<Uint8Array> {
  const [height = 1, width = 1, channels = 1] = inputShape;
  if (inputShape.length !== 3 || (channels !== 1 && channels !== 3)) {
    throw new ArgumentError(
      `predict: the network takes [${inputShape.join(", ")}], which is no picture in grey or in colour.`,
    );
  }
  const format = checkedFormat("predict", { size: [height, width], channels });
  const bytes = await readFile(path);
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new ModuleLoadError("predict: decoding pictures wants the npm package sharp: npm install sharp", { cause });
  });
  try {
    const picture = sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: "error" }).autoOrient();
    const { data, info } = await picture
      .toColourspace("srgb")
      .ensureAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const { left, top, width: seenWidth, height: seenHeight } = seenPart(info.width, info.height, format);
    const seen = new Uint8Array(4 * seenWidth * seenHeight);
    for (let row = 0; row < seenHeight; row++) {
      const start = 4 * ((top + row) * info.width + left);
      seen.set(data.subarray(start, start + 4 * seenWidth), 4 * seenWidth * row);
    }
    const pixels = imageBytes({ width: seenWidth, height: seenHeight, data: seen }, format);
    return invert ? pixels.map((value) => 255 - value) : pixels;
  } catch (cause) {
    throw new ArgumentError(`predict: ${path} is no picture that can be read.`, { cause });
  }
}

/** The outputs as shares: those of a network that ends in scores through a softmax, a single one through a sigmoid. */
function probabilitiesOf({ outputLayer }: Model, outputs: Float32Array): Float32Array {
  const { kind, options } = outputLayer.layer.config;
  const given = kind === "softmax" ? "softmax" : options["activation"];
  if (given === "softmax" || given === "sigmoid") return outputs;
  if (outputs.length === 1) return outputs.map((score) => 1 / (1 + Math.exp(-score)));
  const most = outputs.reduce((best, score) => Math.max(best, score), Number.NEGATIVE_INFINITY);
  const powers = outputs.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
