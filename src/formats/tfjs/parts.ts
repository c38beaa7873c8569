/** One layer of this library as one layer of TensorFlow.js, or as several that compute the same. */
import type { Shape } from "../../core/shape.ts";
import { kerasConfig, NotWritable, type Options } from "../keras_layers/written.ts";

/** A weight of TensorFlow.js. */
export interface WrittenWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a layer of TensorFlow.js reads: the layer's own inputs, ~0 the first, or what an earlier part gives. */
export type From = number;

/** One layer of TensorFlow.js. */
export interface Part {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: Readonly<Record<string, WrittenWeight>>;
  readonly from: readonly From[];
  /** Whether it is the layer itself, which keeps the name. */
  readonly isLayer: boolean;
}

/** Of batch norms that only multiply and add: with the variance it makes 1, without a rounding. */
const EPSILON = 2 ** -10;

/** Activations that TensorFlow.js has under a name that its files can hold. */
const NAMES: ReadonlySet<string> = new Set([
  ...["linear", "relu", "relu6", "elu", "selu", "gelu", "silu", "swish", "mish", "sigmoid", "tanh", "softplus"],
  ...["softsign", "softmax", "logSoftmax"],
]);

/** The layers of TensorFlow.js that one layer becomes, the last of them its result. */
export class Parts {
  readonly list: Part[] = [];

  /** Adds a layer of TensorFlow.js; gives its number, to read it by. */
  add(
    className: string,
    config: Readonly<Record<string, unknown>>,
    from: readonly From[],
    weights: Readonly<Record<string, WrittenWeight>> = {},
    isLayer = false,
  ): From {
    this.list.push({ className, config, from, weights, isLayer });
    return this.list.length - 1;
  }

  /** The layer as the table spells it, without what was written of it otherwise. */
  layer(
    kind: string,
    options: Options,
    from: readonly From[],
    weights: Readonly<Record<string, WrittenWeight>> = {},
  ): From {
    const { activation } = options;
    const isPlain = typeof activation !== "string" || NAMES.has(activation);
    const written = kerasConfig(kind, isPlain ? options : { ...options, activation: "linear" });
    if (written === undefined) throw new NotWritable(`a layer ${kind}`);
    const { config } = written;
    // The name that TensorFlow.js has for it.
    if (config["activation"] === "silu") config["activation"] = "swish";
    const y = this.add(written.className, config, from, weights, true);
    return isPlain ? y : this.activation(String(activation), y);
  }

  scale(factor: number, offset: number, x: From): From {
    return this.add("Rescaling", { scale: factor, offset }, [x]);
  }

  multiply(...xs: readonly From[]): From {
    return this.add("Multiply", {}, xs);
  }

  sum(...xs: readonly From[]): From {
    return this.add("Add", {}, xs);
  }

  relu(x: From, maxValue?: number): From {
    return this.add("ReLU", { max_value: maxValue ?? null }, [x]);
  }

  function(name: string, x: From): From {
    return this.add("Activation", { activation: name }, [x]);
  }

  /** An activation that TensorFlow.js does not have, or has under a name that its files cannot hold. */
  activation(name: string, x: From): From {
    const hardSigmoid = () => this.relu(this.scale(1 / 6, 0.5, x), 1);
    switch (name) {
      case "leakyRelu":
        return this.add("LeakyReLU", { alpha: 0.2 }, [x]);
      case "hardSigmoid":
        return hardSigmoid();
      case "hardSilu":
      case "hardSwish":
        return this.multiply(x, hardSigmoid());
      case "geluTanh": {
        // ½ (1 + tanh z) is the sigmoid of 2 z.
        const cubic = this.scale(0.044715, 0, this.multiply(x, x, x));
        const inner = this.scale(2 * Math.sqrt(2 / Math.PI), 0, this.sum(x, cubic));
        return this.multiply(x, this.function("sigmoid", inner));
      }
      default:
        throw new NotWritable(`the activation ${name}`);
    }
  }

  /** x · scale + offset of each channel, by a batch norm that has nothing else to do. */
  eachChannel(x: From, channels: number, scale: readonly number[], offset: readonly number[]): From {
    const vector = (values: readonly number[]): WrittenWeight => ({
      shape: [channels],
      data: Float32Array.from({ length: channels }, (_, channel) => values[values.length === 1 ? 0 : channel] ?? 0),
    });
    return this.affine(x, { gamma: vector(scale), beta: vector(offset) }, channels);
  }

  /** The same with weights as they are; one that is missing is not multiplied by, or not added. */
  affine(
    x: From,
    weights: { gamma?: WrittenWeight | undefined; beta?: WrittenWeight | undefined },
    channels: number,
  ): From {
    const { gamma, beta } = weights;
    const filled = (value: number): WrittenWeight => ({
      shape: [channels],
      data: new Float32Array(channels).fill(value),
    });
    const config = {
      axis: -1,
      epsilon: EPSILON,
      momentum: 0.99,
      scale: gamma !== undefined,
      center: beta !== undefined,
      trainable: false,
    };
    return this.add("BatchNormalization", config, [x], {
      ...(gamma && { gamma }),
      ...(beta && { beta }),
      moving_mean: filled(0),
      moving_variance: filled(1 - EPSILON),
    });
  }

  reshape(x: From, shape: Shape): From {
    return this.add("Reshape", { target_shape: [...shape] }, [x]);
  }
}
