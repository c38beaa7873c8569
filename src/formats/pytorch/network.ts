/** A model as PyTorch sees it: its layers as source, its weights with their layouts. */
import { at } from "../../core/at.ts";
import { ArgumentError } from "../../core/errors.ts";
import { hashString, randomKey } from "../../core/random.ts";
import type { Shape } from "../../core/shape.ts";
import type { Model } from "../../nn/model.ts";
import type { PlacedLayer } from "../../nn/placed_layer.ts";
import { literal } from "../keras/python.ts";
import { wiringOf } from "../keras_layers/written.ts";
import { activationSource, layerSource } from "./layers.ts";
import { type TorchWeight, weightsOf } from "./weights.ts";

/** A call of a layer, with the shapes that it reads and makes, without the batch. */
export interface PlacedCall {
  readonly layer: number;
  /** Numbers of the tensors that it reads, and of the first one that it makes. */
  readonly inputs: readonly number[];
  readonly first: number;
  readonly inputShapes: readonly Shape[];
  readonly outputShapes: readonly Shape[];
}

/** The calls of a model with their shapes; inputs are the first tensors. */
export function placedCalls(model: Model): {
  calls: PlacedCall[];
  outputs: readonly number[];
  inputShapes: readonly Shape[];
} {
  const { inputs, calls, outputs } = wiringOf(model);
  const shapes: Shape[] = inputs.map(({ shape }) => shape);
  const placed = calls.map(({ layer, inputs: read }) => {
    const { layer: own, name } = at(model.layers, layer);
    const inputShapes = read.map((tensor) => at(shapes, tensor));
    const outputShapes = own.outputShapes(inputShapes, `layer ${JSON.stringify(name)}`);
    const first = shapes.length;
    shapes.push(...outputShapes);
    return { layer, inputs: read, first, inputShapes, outputShapes };
  });
  return { calls: placed, outputs, inputShapes: inputs.map(({ shape }) => shape) };
}

/** Layers that are no kind of this library's own, whose formulas are not known here. */
export function checkKnown(what: string, layers: readonly PlacedLayer[], fix: string): void {
  const unknown = layers.filter(({ layer: { config } }) => /^(operation|constant)$|[^A-Za-z0-9]/.test(config.kind));
  if (unknown.length === 0) return;
  const listed = unknown.map(({ name, layer }) => `${JSON.stringify(name)} (${layer.config.kind})`).join(", ");
  throw new ArgumentError(`${what}: has no counterpart of these layers: ${listed}. ${fix}`);
}

/** The class `Network`, and the tables that the script's other parts read. */
export interface NetworkSource {
  readonly source: string;
  readonly weights: readonly TorchWeight[];
}

/** `folded`: of each output the last activation that its loss contains. Throws `ArgumentError`, which lists what PyTorch has not. */
export function networkSource(model: Model, folded: readonly (string | undefined)[]): NetworkSource {
  checkKnown("toPyTorch", model.layers, "Make the network of other layers, or write it with toOnnx(model).");
  const { calls, outputs, inputShapes } = placedCalls(model);
  const weights = model.layers.flatMap((placed, number) => weightsOf(placed, number));
  const made: string[] = [];
  const body: string[] = [];
  model.layers.forEach((placed, number) => {
    const uses = calls.filter(({ layer }) => layer === number);
    const { make } = layerSource(placed, number, at(uses, 0), uses.length);
    if (make !== undefined) made.push(`self.layer${number} = ${make}`);
  });
  const names = inputShapes.map((_, place) => `t${place}`).join(", ");
  const last = new Map<number, string>();
  calls.forEach((call, index) => {
    const placed = at(model.layers, call.layer);
    const uses = calls.filter(({ layer }) => layer === call.layer).length;
    const stream = randomKey(hashString(placed.name), index);
    const { call: value } = layerSource(placed, call.layer, call, uses, stream);
    const results = call.outputShapes.map((_, place) => `t${call.first + place}`);
    body.push(
      `${results.join(", ")}${results.length > 1 ? "" : placed.layer.config.kind === "splitTensor" ? "," : ""} = ${value}`,
    );
    results.forEach((result, place) => {
      const { activation } = placed.layer;
      const head = outputs.indexOf(call.first + place);
      if (head >= 0 && activation !== "linear" && folded[head] === activation) {
        body.push(`z${call.first + place} = ${result}`);
        last.set(head, `z${call.first + place}`);
      }
      const activated = activationSource(activation, result);
      if (activated !== result) body.push(`${result} = ${activated}`);
    });
  });
  const listed = outputs.map((tensor) => `t${tensor}`).join(", ");
  // The same tensor may be two outputs.
  const logits = outputs.map((tensor) => last.get(outputs.indexOf(tensor)) ?? `t${tensor}`).join(", ");
  const source = `
class Network(nn.Module):
    """Inputs and outputs are [batch, height, width, channels] where they are images. \`folded\`: without a last softmax or sigmoid."""

    def __init__(self):
        super().__init__()
${made.map((line) => `        ${line}\n`).join("")}        trained = {WEIGHTS[name][0] for name in TRAINABLE}
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name in trained)

    def forward(self, *inputs, draws=None, folded=False):
        ${names}, = inputs
${body.map((line) => `        ${line}`).join("\n")}
        return [${logits}] if folded else [${listed}]
`;
  return { source, weights };
}

/** The tables of weights. */
export function weightTables(weights: readonly TorchWeight[]): string {
  const rows = weights.map(
    ({ name, torch, view, order }) => `    ${literal(name)}: (${literal(torch)}, ${literal(view)}, ${literal(order)}),`,
  );
  const trainable = weights.filter((one) => one.trainable).map(({ name }) => `    ${literal(name)},`);
  return `
# Of each weight of the page: where it is here, its shape in more axes, and the order of these axes in the page.
WEIGHTS = {
${rows.join("\n")}
}
# Those that training moves.
TRAINABLE = [
${trainable.join("\n")}
]
`;
}
