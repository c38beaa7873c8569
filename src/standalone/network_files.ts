/** A network as the files of every format that is written; each writer is fetched when it is asked for. */
import type { PyTorchTraining } from "../formats/pytorch/training.ts";
import type { Model } from "../nn/model.ts";

/** A file, by its name. */
export interface NetworkFile {
  readonly name: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
}

interface Options {
  /** Of the first file; others have it with another ending. */
  readonly name: string;
  /** Names of the classes, for a module. */
  readonly labels?: readonly string[] | undefined;
  /** What a PyTorch program trains with. */
  readonly training?: PyTorchTraining | undefined;
}

/** A name with another ending: "train.py" becomes "train.safetensors". */
const beside = (name: string, ending: string) => name.replace(/(\.[^.\\/]*)?$/, ending);

const WRITERS = {
  async corteza(model, { name }) {
    const { saveModel } = await import("../formats/save_model.ts");
    return [{ name, content: saveModel(model) }];
  },
  async onnx(model, { name }) {
    const { toOnnx } = await import("../formats/onnx/export/to_onnx.ts");
    return [{ name, content: new Uint8Array(toOnnx(model)) }];
  },
  async tfjs(model, { name }) {
    const { toLayersModel } = await import("../formats/tfjs/save.ts");
    const { json, weights } = toLayersModel(model);
    return [
      { name, content: JSON.stringify(json) },
      ...json.weightsManifest.flatMap(({ paths }) => paths.map((path) => ({ name: path, content: weights }))),
    ];
  },
  async keras(model, { name }) {
    const { toKeras } = await import("../formats/keras/source.ts");
    const { saveModel } = await import("../formats/save_model.ts");
    return [
      { name, content: toKeras(model) },
      { name: beside(name, ".safetensors"), content: saveModel(model) },
    ];
  },
  async pytorch(model, { name, training }) {
    const { toPyTorch } = await import("../formats/pytorch/to_pytorch.ts");
    const { saveModel } = await import("../formats/save_model.ts");
    return [
      { name, content: toPyTorch(model, training) },
      { name: beside(name, ".safetensors"), content: saveModel(model) },
    ];
  },
  async typescript(model, { name }) {
    const { toTypeScript } = await import("../formats/typescript.ts");
    return [{ name, content: toTypeScript(model) }];
  },
  async module(model, { name, labels }) {
    const { toStandaloneModule } = await import("./to_standalone_module.ts");
    return [{ name, content: await toStandaloneModule(model, labels ? { labels } : {}) }];
  },
  async svg(model, { name }) {
    const { toSvg } = await import("../nn/diagram.ts");
    return [{ name, content: toSvg(model) }];
  },
  async mermaid(model, { name }) {
    const { toMermaid } = await import("../nn/diagram.ts");
    return [{ name, content: toMermaid(model) }];
  },
} satisfies Record<string, (model: Model, options: Options) => Promise<NetworkFile[]>>;

export type NetworkFormat = keyof typeof WRITERS;

/** The names of the formats. */
export const NETWORK_FORMATS = Object.keys(WRITERS) as readonly NetworkFormat[];

/** The files of a network in a format. Throws `ArgumentError` for layers that the format does not have. */
export function networkFiles(format: NetworkFormat, model: Model, options: Options): Promise<NetworkFile[]> {
  return WRITERS[format](model, options);
}
