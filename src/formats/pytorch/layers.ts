/** Each kind of layer as Python: what makes its module, and what is computed with it. */
import { at } from "../../core/at.ts";
import type { Shape } from "../../core/shape.ts";
import { transposedConvGeometry } from "../../core/transposed_conv_geometry.ts";
import { convGeometry, type Padding, poolGeometry, type WindowGeometry } from "../../core/window_geometry.ts";
import { toPair } from "../../nn/layer.ts";
import type { PlacedLayer } from "../../nn/placed_layer.ts";
import { literal } from "../keras/python.ts";
import type { PlacedCall } from "./network.ts";

type Options = Readonly<Record<string, unknown>>;

/** Of one call of a layer: the expression that makes its module, where it has one, and that of its value before the activation. */
interface LayerSource {
  readonly make?: string;
  readonly call: string;
}

const pair = (options: Options, name: string, otherwise: unknown = 1) =>
  toPair("toPyTorch", name, (options[name] ?? otherwise) as number);
const tuple = (numbers: readonly number[]) => `(${numbers.join(", ")})`;
const flag = (options: Options, name: string) => literal(options[name] !== false);
/** Left, right, top, bottom, as F.pad wants them. */
const pads = (g: WindowGeometry) => tuple([g.padLeft, g.padRight, g.padTop, g.padBottom]);
/** An axis in Keras' count of a tensor with the batch. */
const axesOf = (axis: unknown, rank: number) =>
  [axis].flat().map((one) => (Number(one) < 0 ? rank + 1 + Number(one) : Number(one)));

function windowOf(options: Options) {
  return {
    strides: pair(options, "strides"),
    padding: (options["padding"] ?? "valid") as Padding,
    dilations: pair(options, "dilationRate"),
  };
}

/** A convolution's module: symmetric padding is its own, other padding is told at the call. */
function convolutionSource(
  kind: string,
  options: Options,
  call: PlacedCall,
  uses: number,
  module: string,
): LayerSource {
  const [height = 1, width = 1, channels = 1] = at(call.inputShapes, 0);
  const kernelSize = pair(options, "kernelSize");
  const window = windowOf(options);
  const isDepthwise = kind !== "conv2d";
  const multiplier = Number(options["depthMultiplier"] ?? 1);
  const groups = isDepthwise ? channels : Number(options["groups"] ?? 1);
  const out = isDepthwise ? channels * multiplier : Number(options["filters"]);
  const filter = [...kernelSize, channels / groups, out];
  const g = convGeometry("toPyTorch", [1, height, width, channels], filter, { ...window, groups });
  const symmetric = uses === 1 && g.padTop === g.padBottom && g.padLeft === g.padRight;
  const own = [
    `${channels}, ${out}, ${tuple(kernelSize)}`,
    ...(window.strides.some((one) => one > 1) ? [`stride=${tuple(window.strides)}`] : []),
    ...(symmetric && g.padTop + g.padLeft > 0 ? [`padding=${tuple([g.padTop, g.padLeft])}`] : []),
    ...(window.dilations.some((one) => one > 1) ? [`dilation=${tuple(window.dilations)}`] : []),
    ...(groups > 1 ? [`groups=${groups}`] : []),
  ];
  const beside = symmetric ? "(0, 0, 0, 0)" : pads(g);
  if (kind === "separableConv2d") {
    const filters = Number(options["filters"]);
    const mixing = `nn.Conv2d(${out}, ${filters}, (1, 1), bias=${flag(options, "useBias")})`;
    return {
      make: `nn.Sequential(nn.Conv2d(${own.join(", ")}, bias=False), ${mixing})`,
      call: `convolution(${module}, IN, ${beside})`,
    };
  }
  return {
    make: `nn.Conv2d(${own.join(", ")}, bias=${flag(options, "useBias")})`,
    call: `convolution(${module}, IN, ${beside})`,
  };
}

function transposedSource(options: Options, call: PlacedCall, module: string): LayerSource {
  const [height = 1, width = 1, channels = 1] = at(call.inputShapes, 0);
  const kernelSize = pair(options, "kernelSize");
  const { strides, padding, dilations } = windowOf(options);
  const filters = Number(options["filters"]);
  const outputPadding = options["outputPadding"] === undefined ? undefined : pair(options, "outputPadding", 0);
  const g = transposedConvGeometry("toPyTorch", [1, height, width, channels], [...kernelSize, filters, channels], {
    ...{ strides, padding, outputPadding, dilations, groups: 1 },
  });
  const extra = (extent: number, axis: 0 | 1, end: number) =>
    Math.max(0, end - ((extent - 1) * strides[axis] + (kernelSize[axis] - 1) * dilations[axis] + 1));
  const more = [extra(height, 0, g.padTop + g.inHeight), extra(width, 1, g.padLeft + g.inWidth)];
  const own = [
    `${channels}, ${filters}, ${tuple(kernelSize)}`,
    ...(strides.some((one) => one > 1) ? [`stride=${tuple(strides)}`] : []),
    ...(more.some((one) => one > 0) ? [`output_padding=${tuple(more)}`] : []),
    ...(dilations.some((one) => one > 1) ? [`dilation=${tuple(dilations)}`] : []),
  ];
  return {
    make: `nn.ConvTranspose2d(${own.join(", ")}, bias=${flag(options, "useBias")})`,
    call: `transposed_convolution(${module}, IN, ${tuple([g.padTop, g.inHeight, g.padLeft, g.inWidth])})`,
  };
}

function poolingSource(kind: string, options: Options, call: PlacedCall): LayerSource {
  const size = pair(options, "poolSize", 2);
  const strides = pair(options, "strides", size);
  const padding = (options["padding"] ?? "valid") as Padding;
  const input = [1, ...at(call.inputShapes, 0)];
  const g = poolGeometry("toPyTorch", input, { size, strides, padding, dilations: [1, 1] });
  const name = kind === "maxPooling2d" ? "max_pooling" : "average_pooling";
  return { call: `${name}(IN, ${tuple(size)}, ${tuple(strides)}, ${pads(g)})` };
}

/** Layers that normalise, by learned scales. */
function normalizationSource(kind: string, options: Options, call: PlacedCall, learns: boolean, module: string) {
  const shape = at(call.inputShapes, 0);
  const channels = at(shape, shape.length - 1);
  const epsilon = Number(options["epsilon"] ?? 1e-3);
  const learned = `${epsilon}, ${flag(options, "scale")}, ${flag(options, "center")}`;
  const used = { call: `${module}(IN)` };
  if (kind === "batchNormalization") {
    return {
      ...used,
      make: `BatchNorm(${channels}, ${Number(options["momentum"] ?? 0.99)}, ${learned}, ${literal(learns)})`,
    };
  }
  if (kind === "groupNormalization") {
    const groups = Number(options["groups"] ?? 32);
    return { ...used, make: `Norm([${channels}], ${learned}, groups=${groups === -1 ? channels : groups})` };
  }
  const axes = [...new Set(axesOf(options["axis"] ?? -1, shape.length))].sort((a, b) => a - b);
  const own = axes.map((axis) => at(shape, axis - 1));
  return { ...used, make: `Norm(${literal(own)}, ${learned}, axes=${literal(axes)})` };
}

/** Number for each channel, or one for all, so that both are lists. */
const numbers = (values: unknown) => (Array.isArray(values) ? values.map(Number) : Number(values));

/** x · scale + offset of `rescaling` and `normalization`. */
function affineSource(kind: string, options: Options, module: string): LayerSource {
  if (kind === "rescaling") {
    const make = `ScaleAndShift(${floats(numbers(options["scale"]))}, ${floats(numbers(options["offset"] ?? 0))})`;
    return { make, call: `${module}(IN)` };
  }
  const [mean, variance] = [numbers(options["mean"]), numbers(options["variance"])];
  const each = <T>(value: number | number[], change: (one: number) => T) =>
    Array.isArray(value) ? value.map(change) : change(value);
  const deviation = each(variance, (one) => Math.max(Math.sqrt(one), 1e-7));
  const inverse = options["invert"] === true;
  const divided = (place: number) =>
    at([mean].flat(), Array.isArray(mean) ? place : 0) / at([deviation].flat(), Array.isArray(deviation) ? place : 0);
  const count = Math.max([mean].flat().length, [deviation].flat().length);
  const scale = inverse ? deviation : each(deviation, (one) => 1 / one);
  const offset = inverse
    ? mean
    : Array.isArray(mean) || Array.isArray(deviation)
      ? Array.from({ length: count }, (_, place) => -divided(place))
      : -divided(0);
  return { make: `ScaleAndShift(${floats(scale)}, ${floats(offset)})`, call: `${module}(IN)` };
}

/** Numbers that Python takes as floats. */
function floats(values: number | number[]): string {
  const one = (value: number) => (Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : literal(value));
  return Array.isArray(values) ? `[${values.map(one).join(", ")}]` : one(values);
}

/** Layers of several tensors; XS is their list. */
function mergeSource(kind: string, options: Options, count: number): LayerSource | undefined {
  switch (kind) {
    case "add":
      return { call: "extreme(torch.add, XS)" };
    case "multiply":
      return { call: "extreme(torch.mul, XS)" };
    case "subtract":
      return { call: "extreme(torch.sub, XS)" };
    case "average":
      return { call: `extreme(torch.add, XS) / ${count}` };
    case "maximum":
    case "minimum":
      return { call: `extreme(torch.${kind}, XS)` };
    case "concatenate":
      return { call: `torch.cat(XS, ${Number(options["axis"] ?? -1)})` };
    default:
      return undefined;
  }
}

/** Layers that only train: nothing where the layer is frozen. */
function drawnSource(kind: string, options: Options, learns: boolean, stream: number): LayerSource {
  if (!learns) return { call: "IN" };
  if (kind === "gaussianNoise") return { call: `gaussian_noise(IN, ${Number(options["stddev"])}, ${stream}, draws)` };
  const shape = kind === "spatialDropout2d" ? [null, 1, 1, null] : options["noiseShape"];
  const mask = shape === undefined ? "" : `, ${literal(shape)}`;
  return { call: `dropout(IN, ${Number(options["rate"])}, ${stream}, draws${mask})` };
}

const sides = (value: unknown) =>
  (Array.isArray(value) ? value : [value, value]).map((side: unknown) =>
    (Array.isArray(side) ? side : [side, side]).map(Number),
  );

/** Layers that move values. */
function movingSource(kind: string, options: Options, call: PlacedCall): LayerSource | undefined {
  const shape = at(call.inputShapes, 0);
  switch (kind) {
    case "flatten":
      return { call: "IN.flatten(1)" };
    case "reshape":
      return { call: `IN.reshape(-1, ${at(call.outputShapes, 0).join(", ")})` };
    case "permute":
      return { call: `IN.permute(0, ${(options["dims"] as number[]).map(Number).join(", ")})` };
    case "zeroPadding2d": {
      const [[top, bottom], [left, right]] = sides(options["padding"] ?? 1) as [number[], number[]];
      return { call: `F.pad(IN, (0, 0, ${left}, ${right}, ${top}, ${bottom}))` };
    }
    case "cropping2d": {
      const [[top = 0, bottom = 0], [left = 0, right = 0]] = sides(options["cropping"] ?? 0) as [number[], number[]];
      const [height = 1, width = 1] = shape;
      return { call: `IN[:, ${top}:${height - bottom}, ${left}:${width - right}]` };
    }
    case "upSampling2d": {
      const [down, across] = pair(options, "size", 2);
      if (options["interpolation"] === "bilinear") {
        const size = `size=(${at(shape, 0) * down}, ${at(shape, 1) * across})`;
        return {
          call: `channels_last(F.interpolate(channels_first(IN), ${size}, mode="bilinear", align_corners=False))`,
        };
      }
      return { call: `IN.repeat_interleave(${down}, 1).repeat_interleave(${across}, 2)` };
    }
    case "splitTensor": {
      const [axis = 1] = axesOf(options["axis"] ?? -1, shape.length);
      const sizes = call.outputShapes.map((own) => at(own, axis - 1));
      return { call: `torch.split(IN, ${literal(sizes)}, ${axis})` };
    }
    case "globalAveragePooling2d":
      return { call: `IN.mean((1, 2), keepdim=${literal(options["keepDims"] === true)})` };
    case "globalMaxPooling2d":
      return { call: `global_max(IN, ${literal(options["keepDims"] === true)})` };
    default:
      return undefined;
  }
}

/** Layers that are functions. */
function functionSource(kind: string, options: Options, shape: Shape): LayerSource | undefined {
  switch (kind) {
    case "activation":
      return { call: "IN" };
    case "elu":
      return { call: `F.elu(IN, ${Number(options["alpha"] ?? 1)})` };
    case "leakyReLU":
      return { call: `F.leaky_relu(IN, ${Number(options["negativeSlope"] ?? 0.3)})` };
    case "reLU": {
      const { maxValue, negativeSlope = 0, threshold = 0 } = options;
      const isActivation = negativeSlope === 0 && threshold === 0 && (maxValue === undefined || maxValue === 6);
      if (isActivation) return { call: "IN" };
      const most = maxValue === undefined ? "None" : Number(maxValue);
      return { call: `bounded_relu(IN, ${Number(negativeSlope)}, ${Number(threshold)}, ${most})` };
    }
    case "softmax": {
      const axis = Number(options["axis"] ?? -1);
      return { call: axis === -1 ? "IN" : `F.softmax(IN, ${axis})` };
    }
    case "unitNormalization":
      return { call: `unit_norm(IN, ${literal(axesOf(options["axis"] ?? -1, shape.length))})` };
    default:
      return undefined;
  }
}

/** What a call of a layer computes from the tensors t0, t1, …. */
export function layerSource(
  placed: PlacedLayer,
  number: number,
  call: PlacedCall,
  uses: number,
  stream = 0,
): LayerSource {
  const { kind, options } = placed.layer.config;
  const source = sourceOf(placed, `self.layer${number}`, call, uses, stream);
  if (source === undefined)
    throw new TypeError(`toPyTorch: layers of kind ${kind} (${Object.keys(options)}) are not known.`);
  const read = call.inputs.map((tensor) => `t${tensor}`);
  const written = source.call.replace("XS", `[${read.join(", ")}]`).replaceAll(/\bIN\b/g, at(read, 0));
  return { ...source, call: written };
}

function sourceOf(
  placed: PlacedLayer,
  module: string,
  call: PlacedCall,
  uses: number,
  stream: number,
): LayerSource | undefined {
  const { kind, options } = placed.layer.config;
  const learns = placed.layer.trainable;
  const shape = at(call.inputShapes, 0);
  switch (kind) {
    case "conv2d":
    case "depthwiseConv2d":
    case "separableConv2d":
      return convolutionSource(kind, options, call, uses, module);
    case "conv2dTranspose":
      return transposedSource(options, call, module);
    case "dense": {
      const inputs = at(shape, shape.length - 1);
      return {
        make: `nn.Linear(${inputs}, ${Number(options["units"])}, bias=${flag(options, "useBias")})`,
        call: `${module}(IN)`,
      };
    }
    case "batchNormalization":
    case "layerNormalization":
    case "groupNormalization":
      return normalizationSource(kind, options, call, learns, module);
    case "prelu": {
      const slopes = at(placed.layer.parameters([shape]), 0).shape;
      return { make: `PReLU(${literal([...slopes])})`, call: `${module}(IN)` };
    }
    case "rescaling":
    case "normalization":
      return affineSource(kind, options, module);
    case "maxPooling2d":
    case "averagePooling2d":
      return poolingSource(kind, options, call);
    case "dropout":
    case "spatialDropout2d":
    case "gaussianNoise":
      return drawnSource(kind, options, learns, stream);
    default:
      return (
        mergeSource(kind, options, call.inputs.length) ??
        movingSource(kind, options, call) ??
        functionSource(kind, options, shape)
      );
  }
}

const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: "F.relu(X)",
  relu6: "F.relu6(X)",
  leakyRelu: "F.leaky_relu(X, 0.2)",
  elu: "F.elu(X)",
  selu: "F.selu(X)",
  gelu: "F.gelu(X)",
  geluTanh: "gelu_tanh(X)",
  silu: "F.silu(X)",
  swish: "F.silu(X)",
  mish: "F.mish(X)",
  sigmoid: "torch.sigmoid(X)",
  hardSigmoid: "hard_sigmoid(X)",
  hardSilu: "F.hardswish(X)",
  hardSwish: "F.hardswish(X)",
  tanh: "torch.tanh(X)",
  softplus: "F.softplus(X)",
  softsign: "F.softsign(X)",
  exponential: "torch.exp(X)",
  softmax: "F.softmax(X, -1)",
  logSoftmax: "F.log_softmax(X, -1)",
};

/** An activation by its name of a tensor. */
export function activationSource(name: string, x: string): string {
  return (ACTIVATIONS[name] ?? "X").replace("X", x);
}
