import { ArgumentError, ShapeError } from "../core/errors.ts";
import { checkCount } from "../core/numbers.ts";
import { describeValue } from "../core/options.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { Padding } from "../core/window_geometry.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import type { ActivationName } from "./activation_names.ts";
import type { Fans, Initializer } from "./initializers.ts";
import { connect, type SymbolicTensor, type TensorType } from "./symbolic_tensor.ts";
import type { Activation } from "./usual_activations.ts";

/** A layer as plain JSON: `kind` and its options. */
export interface LayerConfig {
  /** Name of the function that makes the layer: "conv2d". */
  readonly kind: string;
  /** As given, or as the model named it. */
  readonly name?: string;
  /** What that function was given, without the name. */
  readonly options: Readonly<Record<string, unknown>>;
  /** False where the whole layer was frozen (`freeze`), whatever its kind. */
  readonly trainable?: boolean;
}

/** One tensor of a layer that outlives a step. */
export interface ParameterSpec {
  /** Keras' name within the layer: "kernel", "bias". */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  /** In its place: the values themselves. */
  readonly initial?: () => Float32Array;
  readonly fans: Fans;
  /** Whether an optimizer moves it; default true. False for statistics that the layer keeps itself. */
  readonly trainable?: boolean;
  /** What is added to the loss of a training step while the parameter is trained, a scalar; undefined where that is nothing. */
  penalty?(graph: Graph, parameter: Node): Node | undefined;
  /** Holds the parameter to a constraint, after each update; with `verdict` only where the step counts. */
  constrain?(graph: Graph, parameter: Variable, verdict?: Node): void;
}

/** Where a layer's random numbers come from: functions of these, so that a run can be replayed exactly. */
export interface RandomSource {
  readonly seed: number;
  /** u32 scalar: the number of the training step. */
  readonly step: Node;
  /** Tells the layers of a model, and the calls of one layer, apart. */
  readonly stream: number;
}

/** What a layer may use while it adds its nodes to a graph. */
export interface BuildContext {
  readonly graph: Graph;
  /** Images of the batch. */
  readonly batch: number;
  /** Whether the graph is a training step that trains this layer: statistics are those of the batch. */
  readonly training: boolean;
  /** Then, i32 [batch]: images with a negative label only fill up a last, shorter batch. */
  readonly labels: Node | undefined;
  /** Random numbers of a training step. Throws `ArgumentError` where the graph was built without a counter of steps. */
  random(): RandomSource;
  /** Node of a parameter, by the name in its spec; after `update`, its new value. */
  parameter(name: string): Node;
  /** Sets a parameter that is not trainable at the end of the step. */
  update(name: string, value: Node): void;
}

/** What a layer says of itself; shapes leave out the batch axis, `what` names the layer in errors. */
interface LayerMembers {
  readonly config: LayerConfig;
  /** Prefix of automatic names, Keras' way: "conv2d", "max_pooling2d". */
  readonly keyword: string;
  /** Name of what is applied to the value that `build` gives. */
  readonly activation: ActivationName;
  /** What that does. */
  activate(graph: Graph, x: Node): Node;
  /** False: no optimizer moves any of its parameters, and it does in training what it does in inference. */
  readonly trainable: boolean;
  /** One a tensor that it gives. Throws `ShapeError` where the inputs do not fit. */
  outputShapes(inputs: readonly Shape[], what: string): readonly Shape[];
  /** In place of `outputShapes`, of a layer that takes or gives other than f32 tensors, one for each image. */
  outputTypes?(inputs: readonly TensorType[], what: string): readonly TensorType[];
  parameters(inputs: readonly Shape[]): readonly ParameterSpec[];
  /** Multiplications (each with an addition) for one image. */
  multiplyAdds(inputs: readonly Shape[], what: string): number;
  /** The layer's values before its `activation`, which the model applies; one a tensor that it gives. */
  build(inputs: readonly Node[], context: BuildContext): readonly Node[];
}

/** What a layer is called on: tensors, or one list of them. */
export type LayerInputs = [inputs: SymbolicTensor | readonly SymbolicTensor[], ...more: SymbolicTensor[]];

/**
 * One layer of a model: shapes and graph building, no device. It goes into the list of `sequential`, or is called on
 * symbolic tensors for `model`; each further call within one model uses the same weights.
 */
export interface Layer extends LayerMembers {
  (...inputs: LayerInputs): SymbolicTensor;
}

/** A layer that gives several tensors, as `split` does: a call gives their list. It goes into `model`, not into `sequential`. */
export interface MultiOutputLayer extends LayerMembers {
  (...inputs: LayerInputs): SymbolicTensor[];
}

/** A layer, whatever it gives. */
export type AnyLayer = Layer | MultiOutputLayer;

/** Whether it is a layer, and no function that makes one. */
export function isLayer(value: unknown): value is AnyLayer {
  return typeof value === "function" && "config" in value && "outputShapes" in value;
}

function listOf([first, ...more]: LayerInputs): readonly SymbolicTensor[] {
  return more.length === 0 && Array.isArray(first) ? first : ([first, ...more] as SymbolicTensor[]);
}

/** A layer of one output that can be called. */
export function callable(members: LayerMembers): Layer {
  const layer: Layer = Object.assign((...inputs: LayerInputs) => connect(layer, listOf(inputs))[0], members);
  return layer;
}

/** A layer whose call gives a list. */
export function callableForSeveral(members: LayerMembers): MultiOutputLayer {
  const layer: MultiOutputLayer = Object.assign(
    (...inputs: LayerInputs) => [...connect(layer, listOf(inputs))],
    members,
  );
  return layer;
}

/** A layer of one input, as its file declares it. */
export interface LayerDefinition extends Pick<LayerMembers, "config" | "keyword"> {
  /** Default: linear. */
  readonly activation?: Activation;
  /** Default true. */
  readonly trainable?: boolean | undefined;
  outputShape(input: Shape, what: string): Shape;
  /** Default: none. */
  parameters?(input: Shape): readonly ParameterSpec[];
  /** Default: none. */
  multiplyAdds?(input: Shape, what: string): number;
  build(x: Node, context: BuildContext): Node;
}

/** A layer of one input that gives several tensors, as its file declares it. */
export interface MultiOutputDefinition extends Omit<LayerDefinition, "activation" | "outputShape" | "build"> {
  outputShapes(input: Shape, what: string): readonly Shape[];
  build(x: Node, context: BuildContext): readonly Node[];
}

function only<T>(inputs: readonly T[], what: string): T {
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0) {
    throw new ArgumentError(`${what}: takes one tensor, got ${inputs.length}; add() or concatenate() combine several.`);
  }
  return input;
}

/** What a layer says of its activation. */
export function activated(
  { name, apply }: Activation = { name: "linear", apply: (_, x) => x },
): Pick<LayerMembers, "activation" | "activate"> {
  return { activation: name, activate: apply };
}

/** What layers of one input have in common. */
function membersOfOne(definition: MultiOutputDefinition, activation?: Activation): LayerMembers {
  const { config, keyword, trainable = true } = definition;
  return {
    config,
    keyword,
    ...activated(activation),
    trainable,
    outputShapes: (inputs, what) => definition.outputShapes(only(inputs, what), what),
    parameters: (inputs) => definition.parameters?.(only(inputs, keyword)) ?? [],
    multiplyAdds: (inputs, what) => definition.multiplyAdds?.(only(inputs, what), what) ?? 0,
    build: (inputs, context) => definition.build(only(inputs, keyword), context),
  };
}

/** Declares a layer of one input. */
export function layerOfOne({ activation, outputShape, build, ...definition }: LayerDefinition): Layer {
  const several: MultiOutputDefinition = {
    ...definition,
    outputShapes: (input, what) => [outputShape(input, what)],
    build: (x, context) => [build(x, context)],
  };
  return callable(membersOfOne(several, activation));
}

/** Declares a layer of one input that gives several tensors. */
export function layerOfParts(definition: MultiOutputDefinition): MultiOutputLayer {
  return callableForSeveral(membersOfOne(definition));
}

/** A layer that combines several tensors and has no parameters, as its file declares it. */
export interface MergingLayerDefinition extends Pick<LayerMembers, "config" | "keyword"> {
  outputShape(inputs: readonly Shape[], what: string): Shape;
  build(inputs: readonly Node[], graph: Graph): Node;
}

/** Declares a layer that combines two or more tensors. */
export function layerOfSeveral({ config, keyword, outputShape, build }: MergingLayerDefinition): Layer {
  return callable({
    config,
    keyword,
    ...activated(),
    trainable: true,
    outputShapes(inputs, what) {
      if (inputs.length < 2) {
        throw new ArgumentError(`${what}: takes a list of at least two tensors, got ${inputs.length}.`);
      }
      return [outputShape(inputs, what)];
    },
    parameters: () => [],
    multiplyAdds: () => 0,
    build: (inputs, { graph }) => [build(inputs, graph)],
  });
}

/** A layer's JSON from the options it was made with. */
export function layerConfig(kind: string, { name, ...options }: { name?: string | undefined }): LayerConfig {
  return { kind, ...(name === undefined ? {} : { name }), options };
}

/** `layer conv2d "stem"`: a layer that is being made, in errors. */
export function describeNew(keyword: string, { name }: { name?: string | undefined }): string {
  return `layer ${keyword}${name === undefined ? "" : ` "${name}"`}`;
}

/** Throws `ShapeError` unless a shape is that of an image; returns it. */
export function checkImage(what: string, input: Shape): readonly [number, number, number] {
  const [height, width, channels] = input;
  if (input.length !== 3 || height === undefined || width === undefined || channels === undefined) {
    throw new ShapeError(`${what}: wants [height, width, channels], got ${formatShape(input)}.`);
  }
  return [height, width, channels];
}

/** Padding of windows, "valid" where it is left out. Throws `ArgumentError` for what is none. */
export function checkPadding(what: string, padding: Padding | undefined): Padding {
  if (padding === undefined || padding === "valid") return "valid";
  if (padding === "same") return "same";
  const given: unknown = padding;
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && pair.length === 2 && pair.every((value) => Number.isInteger(value) && value >= 0);
  if (Array.isArray(given) && given.length === 2 && given.every(isPair)) return padding;
  throw new ArgumentError(
    `${what}: padding must be "same", "valid" or [[top, bottom], [left, right]] in whole pixels, got ${describeValue(padding)}.`,
  );
}

/** A number or a pair as a pair [height, width]. */
export function toPair(
  what: string,
  name: string,
  value: number | readonly [number, number],
): readonly [number, number] {
  const [height, width, ...more] = typeof value === "number" ? [value, value] : Array.isArray(value) ? value : [];
  if (height === undefined || width === undefined || more.length > 0) {
    throw new ArgumentError(`${what}: ${name} must be a whole number or [height, width], got ${describeValue(value)}.`);
  }
  return [checkCount(what, name, height), checkCount(what, name, width)];
}
