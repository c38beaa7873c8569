/** Features that were an image: PyTorch flattens channels first, this library channels last. */
import { at } from "../../core/at.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Model } from "../../nn/model.ts";
import { type PlacedCall, placedCalls } from "./network.ts";

/** At each place of a vector here, the place that PyTorch has the value at; undefined where both are the same. */
type Places = readonly number[] | undefined;

/** Of a layer with weights: the features that it reads, and those that it gives. */
export interface LayerOrders {
  readonly inputs?: Places;
  readonly outputs?: Places;
}

/** Layers that leave each feature where it is. */
const KEEPING = new Set([
  ...["activation", "reLU", "leakyReLU", "elu", "prelu", "softmax", "dropout", "gaussianNoise"],
  ...["batchNormalization", "layerNormalization", "unitNormalization", "rescaling", "normalization"],
  ...["add", "subtract", "multiply", "average", "maximum", "minimum"],
]);

function channelsFirst([height = 1, width = 1, channels = 1]: readonly number[]): Places {
  if (channels === 1 || height * width === 1) return undefined;
  return Array.from({ length: height * width * channels }, (_, place) => {
    const [pixel, channel] = [Math.floor(place / channels), place % channels];
    return channel * height * width + pixel;
  });
}

const same = (a: Places, b: Places) => a === b || (a?.length === b?.length && a?.every((place, i) => place === b?.[i]));

/** Throws `ArgumentError` where the two orders of features cannot be told apart. */
export function featureOrders(model: Model, flatten: "NCHW" | "NHWC"): Map<number, LayerOrders> {
  const { calls } = placedCalls(model);
  const orders = new Map<number, LayerOrders>();
  if (flatten === "NHWC") return orders;
  const places = new Map<number, Places>();
  const note = (layer: number, own: LayerOrders) => {
    const before = orders.get(layer);
    if (before && !(same(before.inputs, own.inputs) && same(before.outputs, own.outputs))) {
      throw new ArgumentError(
        `loadStateDict: layer ${JSON.stringify(at(model.layers, layer).name)} is used on flattened images and on other features, whose order in PyTorch ` +
          'is not known. Load with { flatten: "NHWC" }, from a network that flattens channels last.',
      );
    }
    orders.set(layer, own);
  };
  for (const call of calls) {
    const { kind } = at(model.layers, call.layer).layer.config;
    const read = call.inputs.map((tensor) => places.get(tensor));
    const [shape = []] = call.inputShapes;
    const [made = []] = call.outputShapes;
    if ((kind === "flatten" || (kind === "reshape" && made.length === 1)) && shape.length === 3) {
      places.set(call.first, channelsFirst(shape));
    } else if (KEEPING.has(kind) && shape.length === 1) {
      if (read.some((one) => !same(one, read[0]))) {
        throw new ArgumentError(
          `loadStateDict: layer ${JSON.stringify(at(model.layers, call.layer).name)} combines flattened images with other features, whose order in ` +
            'PyTorch is not known. Load with { flatten: "NHWC" }, from a network that flattens channels last.',
        );
      }
      note(call.layer, { inputs: read[0] });
      places.set(call.first, read[0]);
    } else if (kind === "concatenate" && made.length === 1) {
      places.set(call.first, joined(call, read));
    } else if (kind === "dense" && shape.length === 1) {
      const outputs = unitsOf(model, calls, call);
      note(call.layer, { inputs: read[0], outputs });
      places.set(call.first, outputs);
    }
  }
  return orders;
}

function joined(call: PlacedCall, read: readonly Places[]): Places {
  if (read.every((one) => one === undefined)) return undefined;
  let begin = 0;
  return read.flatMap((one, index) => {
    const [length = 0] = at(call.inputShapes, index);
    const own = Array.from({ length }, (_, place) => begin + (one?.[place] ?? place));
    begin += length;
    return own;
  });
}

/** The order of units that become an image by a reshape, which PyTorch makes channels first. */
function unitsOf(model: Model, calls: readonly PlacedCall[], { first }: PlacedCall): Places {
  let tensor = first;
  for (;;) {
    const readers = calls.filter(({ inputs }) => inputs.includes(tensor));
    const [reader] = readers;
    if (readers.length !== 1 || reader === undefined) return undefined;
    const { kind } = at(model.layers, reader.layer).layer.config;
    const made = at(reader.outputShapes, 0);
    if (kind === "reshape" && made.length === 3) return channelsFirst(made);
    if (!KEEPING.has(kind) || reader.inputs.length > 1) return undefined;
    tensor = reader.first;
  }
}
