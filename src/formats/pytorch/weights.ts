/** Weights of layers in PyTorch's layouts. */
import { at } from "../../core/at.ts";
import type { Shape } from "../../core/shape.ts";
import type { PlacedLayer } from "../../nn/placed_layer.ts";

/** One weight of a model, and the tensor of PyTorch that it is. */
export interface TorchWeight {
  /** Here, "conv2d/kernel". */
  readonly name: string;
  /** In the script's network, "layer0.weight". */
  readonly torch: string;
  /** PyTorch's shape. */
  readonly shape: Shape;
  /** PyTorch's tensor in this shape, its axes in this order, is the weight; undefined where it is as it is. */
  readonly view: Shape | undefined;
  readonly order: Shape | undefined;
  /** What PyTorch calls it in its module: "weight", "bias", "running_mean", "running_var". */
  readonly role: string;
  /** For reports: "OIHW → HWIO". */
  readonly change: string;
  readonly trainable: boolean;
}

type Layout = Pick<TorchWeight, "shape" | "view" | "order" | "change">;

const plain = (shape: Shape): Layout => ({ shape, view: undefined, order: undefined, change: "as it is" });

/** Of a convolution's kernel [kh, kw, in / groups, out]; of a transposed one's [kh, kw, out, in]. */
function kernel([height = 1, width = 1, inner = 1, outer = 1]: Shape, change: string): Layout {
  const shape = [outer, inner, height, width];
  return { shape, view: shape, order: [2, 3, 1, 0], change };
}

/** [kh, kw, channels, multiplier] */
function depthwise([height = 1, width = 1, channels = 1, multiplier = 1]: Shape): Layout {
  return {
    shape: [channels * multiplier, 1, height, width],
    view: [channels, multiplier, height, width],
    order: [2, 3, 0, 1],
    change: "OIHW → HWIM",
  };
}

function layoutOf(kind: string, own: string, shape: Shape): Layout {
  if (own === "depthwise_kernel" || (kind === "depthwiseConv2d" && own === "kernel")) return depthwise(shape);
  if (own === "kernel" && kind === "dense") {
    const turned = [at(shape, 1), at(shape, 0)];
    return { shape: turned, view: turned, order: [1, 0], change: "[out, in] → [in, out]" };
  }
  if (own === "kernel" || own === "pointwise_kernel") {
    return kernel(shape, kind === "conv2dTranspose" ? "IOHW → HWOI" : "OIHW → HWIO");
  }
  return plain(shape);
}

const ROLES: Readonly<Record<string, string>> = {
  kernel: "weight",
  depthwise_kernel: "weight",
  pointwise_kernel: "weight",
  bias: "bias",
  gamma: "weight",
  beta: "bias",
  alpha: "weight",
  moving_mean: "running_mean",
  moving_variance: "running_var",
};

/** The weights of the model's layer of this number, in its order. */
export function weightsOf({ name, layer, inputShape }: PlacedLayer, number: number): TorchWeight[] {
  const { kind } = layer.config;
  return layer.parameters([inputShape]).map((spec) => {
    const role = ROLES[spec.name] ?? spec.name;
    const part = kind !== "separableConv2d" ? "" : spec.name === "depthwise_kernel" ? "[0]" : "[1]";
    return {
      name: `${name}/${spec.name}`,
      // Modules in an nn.Sequential are called by their places.
      torch: `layer${number}.${part === "" ? "" : `${part.slice(1, -1)}.`}${role}`,
      ...layoutOf(kind, spec.name, spec.shape),
      role,
      trainable: layer.trainable && spec.trainable !== false,
    };
  });
}
