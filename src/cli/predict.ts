import { readFile } from "node:fs/promises";
import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { cpu } from "../cpu/backend.ts";
import type { Decoder } from "../data/pictures/decoder.ts";
import { checkedFormat } from "../data/pictures/types.ts";
import type { OpenedNetwork } from "../formats/open_network.ts";
import type { Backend } from "../graph/backend.ts";
import type { Model } from "../nn/model.ts";
import { openDecoder } from "../node_pictures.ts";
import { outputActivation } from "../train/output_activation.ts";
import { Predictor } from "../train/predictor.ts";
import { wasm } from "../wasm/open.ts";
import { readModel } from "./read_model.ts";
import { type Command, readWords, UsageError } from "./usage.ts";

export const predict: Command = {
  summary: "names what is on pictures",
  help: `corteza predict FILE PICTURE... [--labels FILE] [--top N] [--invert] [--backend wasm|cpu] [--json]

Shows pictures to a network and prints its most probable classes. A picture is cut to the network's shape from its middle; of a network
for one channel it becomes grey. Pictures are decoded by the npm package sharp (npm install sharp).

FILE      a file of Corteza (.safetensors), ONNX (.onnx), Keras (.keras, .h5) or TensorFlow.js (model.json, or its folder)
PICTURE   JPEG, PNG, WebP, GIF or AVIF

--labels FILE   names of the classes, a line each; default those in the file, else 0, 1, …, and no and
                yes of a network with one output
--top N         classes a picture; default 3
--invert        light becomes dark: for ink on paper, and a network that learned light digits on black
--backend B     wasm (default) or cpu
--json          a line of JSON a picture

corteza predict digits.safetensors photo.png --invert --top 1`,

  async run(words, console) {
    const { values, positionals } = readWords(words, {
      ...({ labels: { type: "string" }, top: { type: "string" }, backend: { type: "string" } } as const),
      ...({ invert: { type: "boolean" }, json: { type: "boolean" } } as const),
    });
    const [file, ...pictures] = positionals;
    if (file === undefined || pictures.length === 0) throw new UsageError("predict wants a network and pictures");
    const top = Number(values.top ?? 3);
    if (!(Number.isInteger(top) && top > 0))
      throw new UsageError(`--top must be a whole number of at least 1, got "${values.top}"`);
    const opened = await readModel(file);
    const { model } = opened;
    const classes = classesOf(opened, values.labels === undefined ? undefined : await readFile(values.labels, "utf8"));
    const decoder = await decoderFor(model);
    const backend = await backendOf(values.backend ?? "wasm");
    // Scores become probabilities as a classifier makes them.
    const predictor = new Predictor(model, backend, { batchSize: 1, folded: [outputActivation(model).kind] });
    try {
      for (const picture of pictures) {
        const pixels = await pixelsOf(picture, decoder, values.invert === true);
        const [outputs] = await predictor.predict(pixels);
        const shares = probabilitiesOf(outputs?.data ?? new Float32Array());
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
      decoder.close();
    }
  },
};

/** Names of the classes, which are those of one row of outputs: those of `labels`, a line each, else those of the file. */
function classesOf({ model, classNames }: OpenedNetwork, labels: string | undefined): readonly string[] {
  const [shape = [], ...others] = model.outputShapes;
  if (shape.length !== 1 || others.length > 0) {
    throw new ArgumentError("predict: the network does not give one row of classes.");
  }
  // One output is the probability of "yes".
  const count = at(shape, 0) === 1 ? 2 : at(shape, 0);
  const usual = at(shape, 0) === 1 ? ["no", "yes"] : Array.from({ length: count }, (_, index) => String(index));
  const names = labels?.split(/\r?\n/).filter((line) => line.trim() !== "") ?? classNames ?? usual;
  if (names.length === count) return names;
  throw new ArgumentError(`predict: there are ${names.length} names of classes, and the network has ${count} classes.`);
}

async function backendOf(name: string): Promise<Backend> {
  if (name === "cpu") return cpu();
  if (name === "wasm") return wasm();
  throw new UsageError(`--backend must be wasm or cpu, got "${name}"`);
}

/** Decodes pictures as the network wants them, [height, width, channels]: as `imageFolder` has them. */
function decoderFor({ inputShape }: Model): Promise<Decoder> {
  const [height = 1, width = 1, channels = 1] = inputShape;
  if (inputShape.length !== 3 || (channels !== 1 && channels !== 3)) {
    throw new ArgumentError(
      `predict: the network takes [${inputShape.join(", ")}], which is no picture in grey or in colour.`,
    );
  }
  return openDecoder("predict", checkedFormat("predict", { size: [height, width], channels }));
}

/** The bytes of a picture. */
async function pixelsOf(path: string, decoder: Decoder, invert: boolean): Promise<Uint8Array> {
  const decoded = await decoder.decode(new Blob([await readFile(path)]));
  if ("detail" in decoded) throw new ArgumentError(`predict: ${path} cannot be read: ${decoded.detail}.`);
  return invert ? decoded.bytes.map((value) => 255 - value) : decoded.bytes;
}

/** The outputs as a probability for each class: one output is that of the second of two. */
function probabilitiesOf(outputs: Float32Array): readonly number[] {
  const [first = 0] = outputs;
  return outputs.length === 1 ? [1 - first, first] : [...outputs];
}
