import { at } from "../core/at.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import type { AnyLayer } from "./layer.ts";
import type { TensorType } from "./symbolic_tensor.ts";
import type { Call, Wiring } from "./wiring.ts";

/** A layer in its place: named, with the shapes that flow in and out (without the batch axis). */
export interface PlacedLayer {
  /** Its own, or made from its kind. */
  readonly name: string;
  /** What it does. */
  readonly layer: AnyLayer;
  /** Of its first input, where it is first called; [] of a layer without inputs. */
  readonly inputShape: Shape;
  /** Of its first output, where it is first called. */
  readonly outputShape: Shape;
  /** Of each of its outputs, where it is first called. */
  readonly outputShapes: readonly Shape[];
  /** Full names of its parameters, "conv2d/kernel". */
  readonly parameterNames: readonly string[];
  /** For one image; all calls together. */
  readonly multiplyAdds: number;
  /** Values of its outputs for one image; all calls together. What is the same for every image does not count. */
  readonly neurons: number;
  /** Names of the inputs and layers whose tensors it reads. */
  readonly connectedTo: readonly string[];
}

/** The call by which a layer's parameters have their shapes. */
export function firstCall(wiring: Wiring, layer: number): Call {
  return at(at(wiring.uses, layer), 0);
}

/** What is known of a tensor. */
export function typeOfTensor(wiring: Wiring, tensor: number): TensorType {
  const call = wiring.makers[tensor];
  if (call) return at(call.types, tensor - call.first);
  return { shape: at(wiring.inputs, tensor).shape, dtype: "f32", isConstant: false };
}

/** What a tensor is called where it is read: its input's or layer's name, numbered where the layer makes several. */
export function nameOfTensor(wiring: Wiring, tensor: number): string {
  const { inputs, layers, uses, makers } = wiring;
  const call = makers[tensor];
  if (call === undefined) return at(inputs, tensor).name;
  const { name } = at(layers, call.layer);
  const numbers = [
    ...(at(uses, call.layer).length === 1 ? [] : [`use ${call.use + 1}`]),
    ...(call.types.length === 1 ? [] : [`output ${tensor - call.first + 1}`]),
  ];
  return numbers.length === 0 ? name : `${name} (${numbers.join(", ")})`;
}

/** A layer of a model with what is known of it there. */
export function placeLayer(wiring: Wiring, index: number): PlacedLayer {
  const { name, layer } = at(wiring.layers, index);
  const calls = at(wiring.uses, index);
  const first = firstCall(wiring, index);
  const outputShapes = first.types.map(({ shape }) => shape);
  const total = (count: (call: Call) => number) => calls.reduce((sum, call) => sum + count(call), 0);
  const sources = calls.flatMap((call) => call.inputs.map((tensor) => nameOfTensor(wiring, tensor)));
  return {
    name,
    layer,
    inputShape: first.inputShapes[0] ?? [],
    outputShape: at(outputShapes, 0),
    outputShapes,
    parameterNames: layer.parameters(first.inputShapes).map((parameter) => `${name}/${parameter.name}`),
    multiplyAdds: total((call) => layer.multiplyAdds(call.inputShapes, `layer "${name}"`)),
    neurons: total(({ types }) => types.reduce((sum, type) => sum + (type.isConstant ? 0 : sizeOf(type.shape)), 0)),
    connectedTo: [...new Set(sources)],
  };
}
