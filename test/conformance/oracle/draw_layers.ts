/** The layers of a random network. */
import { ShapeError } from "../../../src/core/errors.ts";
import type { Layer, SymbolicTensor } from "../../../src/index.ts";
import * as corteza from "../../../src/index.ts";
import type { RandomData } from "../../support/random.ts";

/** Activations without a kink. */
export const SMOOTH = ["elu", "gelu", "geluTanh", "silu", "mish", "sigmoid", "tanh", "softplus", "softsign"] as const;
/** With a kink in value or slope, which no value may sit on: their argument has a bias, or is normalised. */
const KINKED = ["relu", "relu", "relu6", "leakyRelu", "selu", "hardSigmoid", "hardSwish"] as const;

/** Draws layers on top of tensors. */
export class Builder {
  readonly random: RandomData;

  constructor(random: RandomData) {
    this.random = random;
  }

  chance(share: number): boolean {
    return this.random.uniform() < share;
  }

  pair(least: number, most: number): [number, number] {
    return [this.random.integer(least, most), this.random.integer(least, most)];
  }

  activation(): string {
    return this.chance(0.5) ? this.random.pick(KINKED) : this.random.pick(SMOOTH);
  }

  /** Kernel, stride, dilation and padding of a convolution; either stride or dilation, as Keras wants it. */
  window([height = 1, width = 1]: readonly number[]) {
    // All taps of a spread kernel lie on padding where the image is a line.
    const spreads = ["none", "none", "strides", ...(Math.min(height, width) >= 3 ? ["dilationRate"] : [])];
    const spread = this.random.pick(spreads);
    return {
      kernelSize: this.pair(1, 4),
      padding: this.random.pick(["same", "valid"] as const),
      ...(spread === "strides" ? { strides: this.pair(1, 3) } : {}),
      ...(spread === "dilationRate" ? { dilationRate: this.pair(1, 2) } : {}),
    };
  }

  /** A convolution of any kind, with these options. */
  convolution(x: SymbolicTensor, options: { activation?: string; useBias?: boolean }): SymbolicTensor {
    const { random } = this;
    const channels = x.shape[2] ?? 1;
    switch (random.pick(["plain", "plain", "grouped", "depthwise", "separable", "transposed"] as const)) {
      case "plain":
        return corteza.conv2d({ filters: random.integer(1, 8), ...this.window(x.shape), ...options })(x);
      case "grouped": {
        const groups = random.pick([1, 2, 3, 4].filter((count) => channels % count === 0));
        return corteza.conv2d({ filters: groups * random.integer(1, 3), groups, ...this.window(x.shape), ...options })(
          x,
        );
      }
      case "depthwise":
        return corteza.depthwiseConv2d({ depthMultiplier: random.integer(1, 2), ...this.window(x.shape), ...options })(
          x,
        );
      case "separable":
        return corteza.separableConv2d({
          filters: random.integer(1, 6),
          depthMultiplier: random.integer(1, 2),
          ...this.window(x.shape),
          ...options,
        })(x);
      case "transposed": {
        const strides = this.pair(1, 3);
        return corteza.conv2dTranspose({
          filters: random.integer(1, 5),
          kernelSize: this.pair(1, 4),
          strides,
          padding: random.pick(["same", "valid"] as const),
          ...(this.chance(0.3) ? { outputPadding: [strides[0] - 1, random.integer(0, strides[1] - 1)] as const } : {}),
          ...options,
        })(x);
      }
    }
  }

  /**
   * A normalisation of what comes from a layer without bias: it would take the bias out again, whose gradient would be
   * rounding alone.
   */
  normalization(x: SymbolicTensor, images: boolean): SymbolicTensor {
    const { random } = this;
    const channels = x.shape[x.shape.length - 1] ?? 1;
    const epsilon = random.pick([1e-3, 1e-2]);
    const places = x.shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
    // The groups that leave something of a value after its mean is gone.
    const groups = [-1, 1, 2, 3].filter((count) => {
      const parts = count === -1 ? channels : count;
      return channels % parts === 0 && (places * channels) / parts >= 4;
    });
    const axes = [...(channels >= 4 ? [-1] : []), ...(x.shape.length === 3 && places >= 4 ? [[1, 2, 3]] : [])];
    const layers: (() => Layer)[] = [
      ...(groups.length > 0 ? [() => corteza.groupNormalization({ groups: random.pick(groups), epsilon })] : []),
      ...(axes.length > 0 ? [() => corteza.layerNormalization({ axis: random.pick(axes), epsilon })] : []),
    ];
    // Even one image gives a variance of several values.
    if (images && places >= 6) {
      const batchNorm = () =>
        corteza.batchNormalization({ epsilon, momentum: random.pick([0.5, 0.9]), scale: this.chance(0.8) });
      layers.push(batchNorm, batchNorm);
    }
    if (layers.length === 0) throw new ShapeError("too few values to normalise");
    return random.pick(layers)()(x);
  }

  /** Functions of a value that are layers of their own. */
  activationLayer(x: SymbolicTensor): SymbolicTensor {
    const { random } = this;
    const layers: (() => Layer)[] = [
      () => corteza.activation(this.activation()),
      () => corteza.leakyReLU({ negativeSlope: 0.25 }),
      () => corteza.elu({ alpha: 0.75 }),
      () => corteza.prelu({ sharedAxes: x.shape.length === 3 && this.chance(0.5) ? [1, 2] : [] }),
      () => corteza.reLU({ maxValue: 1.5, negativeSlope: 0.125 }),
    ];
    return random.pick(layers)()(x);
  }

  pooling(x: SymbolicTensor): SymbolicTensor {
    const { random } = this;
    const options = {
      poolSize: this.pair(1, 3),
      padding: random.pick(["same", "valid"] as const),
      ...(this.chance(0.5) ? { strides: this.pair(1, 3) } : {}),
    };
    return this.chance(0.6) ? corteza.maxPooling2d(options)(x) : corteza.averagePooling2d(options)(x);
  }

  reshaping(x: SymbolicTensor): SymbolicTensor {
    const { random } = this;
    const sides = (): [[number, number], [number, number]] => [this.pair(0, 2), this.pair(0, 2)];
    const [height = 1, width = 1, channels = 1] = x.shape;
    const layers: (() => Layer)[] = [
      () => corteza.upSampling2d({ size: this.pair(1, 2), interpolation: random.pick(["nearest", "bilinear"]) }),
      () => corteza.zeroPadding2d({ padding: sides() }),
      () => corteza.cropping2d({ cropping: sides() }),
      () =>
        corteza.permute({
          dims: random.pick([
            [2, 1, 3],
            [3, 1, 2],
            [1, 3, 2],
          ]),
        }),
      () => corteza.reshape({ targetShape: [width, height * channels, 1] }),
      () => corteza.rescaling({ scale: 0.75, offset: 0.125 }),
      () => corteza.dropout({ rate: 0 }),
    ];
    return random.pick(layers)()(x);
  }

  /** Two branches that come together again. */
  branches(x: SymbolicTensor): SymbolicTensor {
    const { random } = this;
    const [, , channels = 1] = x.shape;
    // Smooth, so that no two values are the same 0 of two ReLUs.
    const branch = (filters = channels) =>
      corteza.conv2d({
        filters,
        kernelSize: this.pair(1, 3),
        padding: "same",
        activation: random.pick(SMOOTH),
      })(x);
    switch (random.pick(["residual", "residual", "merge", "concatenate", "squeeze", "shared"] as const)) {
      case "residual":
        return corteza.add()([branch(), x]);
      case "merge": {
        const { add, subtract, multiply, average, maximum, minimum } = corteza;
        return random.pick([add, subtract, multiply, average, maximum, minimum])()([branch(), branch()]);
      }
      case "concatenate": {
        if (this.chance(0.3)) return corteza.concatenate({ axis: random.pick([1, 2]) })([branch(), x]);
        return corteza.concatenate()([branch(random.integer(1, 4)), x, branch(random.integer(1, 3))]);
      }
      case "squeeze": {
        // Squeeze-and-excitation: a weight a channel, from the whole image.
        const squeezed = corteza.globalAveragePooling2d({ keepDims: true })(x);
        const weight = corteza.conv2d({ filters: channels, kernelSize: 1, activation: "sigmoid" })(squeezed);
        return corteza.multiply()([x, weight]);
      }
      case "shared": {
        // One layer twice: its gradients add up.
        const layer = corteza.conv2d({
          ...{ filters: channels, kernelSize: this.pair(1, 3), padding: "same", activation: random.pick(SMOOTH) },
        });
        return corteza.add()([layer(layer(x)), x]);
      }
    }
  }

  /** One piece of the network. */
  block(x: SymbolicTensor): SymbolicTensor {
    const area = (x.shape[0] ?? 1) * (x.shape[1] ?? 1);
    switch (this.random.pick(["conv", "conv", "normalized", "layer", "pool", "reshape", "branches"] as const)) {
      case "conv":
        return this.convolution(x, { activation: this.activation() });
      case "normalized":
        return this.activationLayer(this.normalization(this.convolution(x, { useBias: false }), true));
      case "layer":
        return this.activationLayer(this.convolution(x, {}));
      case "pool":
        return area > 1 ? this.pooling(x) : x;
      case "reshape":
        return this.reshaping(x);
      case "branches":
        return this.branches(x);
    }
  }

  /** A vector of the image's features. */
  vector(x: SymbolicTensor): SymbolicTensor {
    const layers: (() => Layer)[] = [
      corteza.flatten,
      corteza.flatten,
      corteza.globalAveragePooling2d,
      corteza.globalMaxPooling2d,
    ];
    return this.random.pick(layers)()(x);
  }
}
