/** Opens networks that other programs wrote: ONNX, TensorFlow.js, Keras. What a file is, its bytes say. */
import { FormatError } from "../../src/core/errors.ts";
import { formatShape, sameShape } from "../../src/core/shape.ts";
import { loadKeras } from "../../src/formats/keras/load.ts";
import { loadOnnx } from "../../src/formats/onnx/load.ts";
import { loadLayersModel } from "../../src/formats/tfjs/load.ts";
import type { Model } from "../../src/nn/model.ts";
import { FileProblemError } from "../file_problem.ts";
import { count, language } from "../language.ts";
import type { NetworkFile } from "../network_file.ts";
import type { Session } from "../session.ts";
import { shownName } from "../shown_name.ts";
import { networkWith } from "../weights_file.ts";
import { FORMAT_WORDS } from "./messages.ts";

const INPUT = [28, 28, 1];
const OUTPUT = [10];
/** More losses than these are counted, not listed. */
const MOST_LOST = 4;

interface Named {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface Foreign {
  readonly kind: "ONNX" | "TensorFlow.js" | "Keras";
  readonly model: Model;
  /** What of the file the model does not have. */
  readonly lost: readonly string[];
  readonly channelsFirst: boolean;
}

/**
 * The network of the files, of which TensorFlow.js has several, and what to say of it. Throws `FormatError` for what is no network or
 * has parts that this library does not have, `FileProblemError` for a network that is not one for digits.
 */
export function openForeign(files: readonly Named[], session: Session): { network: NetworkFile; words: () => string } {
  const { kind, model, lost, channelsFirst } = read(files);
  if (!sameShape(model.inputShape, INPUT) || !sameShape(model.outputShape, OUTPUT)) {
    const [takes, gives] = [formatShape(model.inputShape), formatShape(model.outputShape)];
    throw new FileProblemError({ kind: "digits", takes, gives }, `This network takes ${takes} and gives ${gives}.`);
  }
  const { optimizer, batchSize, seed } = session;
  const network = networkWith({ parameters: model.parameters }, { model, optimizer, batchSize, seed });
  const { parameters } = model.summary();
  const words = () => {
    const text = FORMAT_WORDS[language()];
    const named = lost.slice(0, MOST_LOST).map(shownName);
    const more = lost.length > named.length ? [`+ ${count(lost.length - named.length)}`] : [];
    return [
      text.opened(kind, count(model.layers.length), count(parameters)),
      ...(channelsFirst ? [text.channels] : []),
      ...(lost.length > 0 ? [text.lost([...named, ...more].join(", "))] : []),
    ].join(" ");
  };
  return { network, words };
}

function read(files: readonly Named[]): Foreign {
  const json = files.find(({ bytes }) => bytes[0] === 0x7b);
  if (json) {
    const { model, lost } = layersModel(json, files);
    return { kind: "TensorFlow.js", model, lost, channelsFirst: false };
  }
  const [file] = files;
  if (file === undefined) throw new FormatError("There is no file.");
  const start = String.fromCharCode(...file.bytes.subarray(0, 4));
  if (start === "PK\x03\x04" || start === "\x89HDF") {
    const model = loadKeras(file.bytes);
    return { kind: "Keras", model, lost: model.lost, channelsFirst: false };
  }
  const model = loadOnnx(file.bytes);
  return { kind: "ONNX", model, lost: [], channelsFirst: model.inputShape.length === 3 };
}

/** The shards are those of model.json, by their names. */
function layersModel(json: Named, files: readonly Named[]): { model: Model; lost: readonly string[] } {
  const text = new TextDecoder().decode(json.bytes);
  const paths = [...text.matchAll(/"paths"\s*:\s*\[([^\]]*)\]/g)].flatMap(([, list = ""]) =>
    [...list.matchAll(/"([^"]*)"/g)].map(([, path = ""]) => path.split("/").at(-1) ?? path),
  );
  const missing = paths.filter((path) => !files.some(({ name }) => name === path));
  if (missing.length > 0) {
    throw new FormatError(
      `TF.js model: choose model.json together with its weights; missing: ${missing.slice(0, 3).map(shownName).join(", ")}.`,
    );
  }
  const shards = paths.flatMap((path) => files.filter(({ name }) => name === path).map(({ bytes }) => bytes));
  const model = loadLayersModel(text, shards);
  return { model, lost: model.lost };
}
