/** Saves the network at hand in the formats of other programs, as downloads. */
import { toSafetensors } from "../../src/formats/safetensors_writer.ts";
import type { Model } from "../../src/nn/model.ts";
import { anyModel } from "../any_model.ts";
import { download } from "../files.ts";
import { count, language } from "../language.ts";
import type { Session } from "../session.ts";
import { FORMAT_WORDS, type FormatName } from "./messages.ts";

/** A file of a format. */
interface Saved {
  readonly name: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
}

const WEIGHTS = "network.safetensors";

/** What each format makes of a network; their writers are fetched when they are chosen. */
const WRITERS: Readonly<
  Record<Exclude<FormatName, "corteza">, (model: Model, session: Session) => Promise<readonly Saved[]>>
> = {
  async onnx(model) {
    const { toOnnx } = await import("../../src/formats/onnx/export/to_onnx.ts");
    return [{ name: "network.onnx", content: new Uint8Array(toOnnx(model)) }];
  },
  async tfjs(model) {
    const { toLayersModel } = await import("../../src/formats/tfjs/save.ts");
    const { json, weights } = toLayersModel(model);
    const path = json.weightsManifest[0]?.paths[0] ?? "weights.bin";
    return [
      { name: "model.json", content: JSON.stringify(json) },
      { name: path, content: weights },
    ];
  },
  async keras(model) {
    const { toKeras } = await import("../../src/formats/keras/source.ts");
    return [
      { name: "network.py", content: toKeras(model) },
      { name: WEIGHTS, content: toSafetensors(model.parameters) },
    ];
  },
  async pytorch(model, { loss, optimizer, batchSize, seed, augmentRanges }) {
    const { toPyTorch } = await import("../../src/formats/pytorch/to_pytorch.ts");
    const { saveModel } = await import("../../src/formats/save_model.ts");
    const training = { loss, optimizer, batchSize, seed, ...(augmentRanges && { augment: augmentRanges }) };
    return [
      { name: "train.py", content: toPyTorch(model, training) },
      { name: WEIGHTS, content: saveModel(model) },
    ];
  },
  async typescript(model) {
    const { toTypeScript } = await import("../../src/formats/typescript.ts");
    return [{ name: "network.ts", content: toTypeScript(model) }];
  },
  async module(model, { digits }) {
    const { toStandaloneModule } = await import("../../src/standalone/to_standalone_module.ts");
    const labels = digits?.names ?? [];
    return [{ name: "network.js", content: await toStandaloneModule(model, labels.length === 10 ? { labels } : {}) }];
  },
  async svg(model) {
    const { toSvg } = await import("../../src/nn/diagram.ts");
    return [{ name: "network.svg", content: toSvg(model) }];
  },
  async mermaid(model) {
    const { toMermaid } = await import("../../src/nn/diagram.ts");
    return [{ name: "network.mmd", content: toMermaid(model) }];
  },
};

/** Whether it is one of this page's formats, other than its own. */
export function isForeignFormat(name: string): name is keyof typeof WRITERS {
  return Object.hasOwn(WRITERS, name);
}

/** What a format keeps and what it does not, in the page's language. */
export function formatNote(name: FormatName): string {
  return FORMAT_WORDS[language()].saveNotes[name];
}

/** Saves the network as it is at this moment. Throws `ArgumentError` where a format has no place for one of its layers. */
export async function saveAs(format: keyof typeof WRITERS, session: Session): Promise<() => string> {
  const model = anyModel(session.model.toJSON());
  model.setParameters(await session.parameters());
  const files = await WRITERS[format](model, session);
  for (const { name, content } of files) download(name, content, "application/octet-stream");
  const sizes = files.map(({ name, content }) => `${name} (${count(Math.ceil(content.length / 1000))} kB)`).join(", ");
  return () => `${FORMAT_WORDS[language()].saved(sizes)} ${formatNote(format)}`;
}
