/** Models of TensorFlow.js with every layer that this library has a counterpart of, as its users write them. */
import { tfl } from "./tfjs.ts";

const { layers } = tfl;
const IMAGE = [6, 8, 4];

/** A chain on an image. */
const chain = (...list: tfl.layers.Layer[]) => {
  const x = tfl.input({ shape: IMAGE });
  return tfl.model({ inputs: x, outputs: list.reduce((y, layer) => layer.apply(y) as tfl.SymbolicTensor, x) });
};

/** The same as a `Sequential`. */
const sequential = (...list: tfl.layers.Layer[]) => {
  const model = tfl.sequential();
  model.add(layers.inputLayer({ inputShape: IMAGE }));
  for (const layer of list) model.add(layer);
  return model;
};

const ACTIVATIONS = [
  ...([
    "elu",
    "hardSigmoid",
    "linear",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
  ] as const),
  ...(["swish", "mish", "gelu"] as const),
];

/** A merging layer over a branch with weights and the image itself. */
function merged(layer: tfl.layers.Layer) {
  const x = tfl.input({ shape: IMAGE });
  const branch = layers.conv2d({ filters: 4, kernelSize: 1 }).apply(x) as tfl.SymbolicTensor;
  const other = layers.activation({ activation: "tanh" }).apply(x) as tfl.SymbolicTensor;
  return tfl.model({ inputs: x, outputs: layer.apply([x, branch, other]) as tfl.SymbolicTensor });
}

export const TFJS_MODELS: Readonly<Record<string, () => tfl.LayersModel>> = {
  ...Object.fromEntries(
    ACTIVATIONS.map((activation) => [
      `activation ${activation}`,
      () => chain(layers.dense({ units: 5, activation }), layers.activation({ activation })),
    ]),
  ),
  conv2d: () =>
    sequential(
      layers.conv2d({
        ...{
          filters: 6,
          kernelSize: [3, 2],
          strides: 2,
          padding: "same",
          activation: "relu",
          kernelInitializer: "heNormal",
        },
        ...{ kernelRegularizer: tfl.regularizers.l1l2({ l1: 0.1, l2: 0.2 }), biasConstraint: tfl.constraints.nonNeg() },
      }),
      layers.conv2d({ filters: 3, kernelSize: 2, dilationRate: 2, useBias: false, kernelConstraint: "maxNorm" }),
    ),
  depthwiseConv2d: () =>
    sequential(layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same", strides: 2 })),
  separableConv2d: () => chain(layers.separableConv2d({ filters: 5, kernelSize: 3, activation: "tanh" })),
  conv2dTranspose: () =>
    chain(
      layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: "same" }),
      layers.conv2dTranspose({ filters: 2, kernelSize: [2, 3], strides: [3, 2], activation: "relu" }),
    ),
  "pooling, in all its forms": () =>
    sequential(
      layers.maxPooling2d({ poolSize: 3, strides: 1, padding: "same" }),
      layers.averagePooling2d({ poolSize: [2, 3], strides: [2, 1], padding: "same" }),
      layers.zeroPadding2d({
        padding: [
          [1, 0],
          [2, 1],
        ],
      }),
      layers.maxPooling2d({ poolSize: 2 }),
    ),
  "global average pooling": () => chain(layers.globalAveragePooling2d({}), layers.softmax({ axis: -1 })),
  "global max pooling": () => chain(layers.globalMaxPooling2d({}), layers.dense({ units: 3 })),
  batchNormalization: () =>
    sequential(
      layers.batchNormalization({ momentum: 0.9, epsilon: 1e-4 }),
      layers.batchNormalization({ axis: 3, scale: false }),
    ),
  "batchNormalization, center false": () => chain(layers.batchNormalization({ center: false, scale: false })),
  layerNormalization: () =>
    chain(layers.layerNormalization({ axis: [1, 3] }), layers.layerNormalization({ center: false, epsilon: 1e-5 })),
  "advanced activations": () =>
    sequential(
      layers.leakyReLU({ alpha: 0.1 }),
      layers.prelu({ sharedAxes: [1, 2] }),
      layers.elu({}),
      layers.prelu({}),
      layers.reLU({ maxValue: 1.5 }),
      layers.thresholdedReLU({ theta: 0.4 }),
      layers.softmax({ axis: 3 }),
    ),
  "shapes, in all their forms": () =>
    sequential(
      layers.zeroPadding2d({ padding: 1 }),
      layers.cropping2D({
        cropping: [
          [1, 0],
          [0, 2],
        ],
      }),
      layers.upSampling2d({ size: [2, 1] }),
      layers.permute({ dims: [3, 1, 2] }),
      layers.reshape({ targetShape: [112, 4] }),
      layers.flatten(),
      layers.dense({ units: 3, kernelInitializer: "leCunUniform", biasInitializer: "ones" }),
    ),
  "what only trains, and rescaling": () =>
    sequential(
      layers.rescaling({ scale: 0.5, offset: -0.25 }),
      layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, 4] as number[] }),
      layers.gaussianNoise({ stddev: 0.3 }),
      layers.conv2d({ filters: 2, kernelSize: 1, trainable: false }),
    ),
  ...Object.fromEntries(
    Object.entries({ add: layers.add(), multiply: layers.multiply(), average: layers.average() }).map(
      ([name, layer]) => [name, () => merged(layer)],
    ),
  ),
  maximum: () => merged(layers.maximum()),
  minimum: () => merged(layers.minimum()),
  concatenate: () => merged(layers.concatenate({ axis: 2 })),
  "one layer called twice, two inputs, two outputs": () => {
    const [a, b] = [tfl.input({ shape: IMAGE }), tfl.input({ shape: IMAGE, name: "right" })];
    const shared = layers.conv2d({ filters: 3, kernelSize: 2, name: "shared" });
    const [left, right] = [a, b].map((x) => shared.apply(x) as tfl.SymbolicTensor) as [
      tfl.SymbolicTensor,
      tfl.SymbolicTensor,
    ];
    const sum = layers.add().apply([left, right]) as tfl.SymbolicTensor;
    return tfl.model({ inputs: [b, a], outputs: [sum, layers.flatten().apply(right) as tfl.SymbolicTensor] });
  },
  "a model in a model, called twice": () => {
    const inner = sequential(
      layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", name: "own" }),
      layers.batchNormalization(),
    );
    const x = tfl.input({ shape: IMAGE });
    const once = inner.apply(x) as tfl.SymbolicTensor;
    const twice = inner.apply(once) as tfl.SymbolicTensor;
    return tfl.model({ inputs: x, outputs: layers.concatenate().apply([once, twice]) as tfl.SymbolicTensor });
  },
  "models three deep, with layers of one name": () => {
    const block = () => sequential(layers.conv2d({ filters: 4, kernelSize: 1, name: "conv" }), layers.reLU());
    return sequential(
      sequential(block(), layers.conv2d({ filters: 4, kernelSize: 2, name: "outer" })),
      layers.flatten(),
    );
  },
};

/** Teachable Machine's exported image models: a part of MobileNet v2 and its pooling, and two dense layers, each a Sequential in a Sequential. */
export function teachableMachine(size: number, width: number): { model: tfl.LayersModel; metadata: object } {
  const x = tfl.input({ shape: [size, size, 3], name: "input_1" });
  const apply = (y: tfl.SymbolicTensor, ...list: tfl.layers.Layer[]) =>
    list.reduce((z, layer) => layer.apply(z) as tfl.SymbolicTensor, y);
  const normed = (name: string) => layers.batchNormalization({ name: `${name}_BN`, momentum: 0.999, axis: 3 });
  const block = (y: tfl.SymbolicTensor, name: string, filters: number, stride: 1 | 2) => {
    const inner = apply(
      y,
      layers.conv2d({ name: `${name}_expand`, filters: 3 * width, kernelSize: 1, useBias: false, padding: "same" }),
      normed(`${name}_expand`),
      layers.reLU({ name: `${name}_expand_relu`, maxValue: 6 }),
      ...(stride === 2
        ? [
            layers.zeroPadding2d({
              name: `${name}_pad`,
              padding: [
                [0, 1],
                [0, 1],
              ],
            }),
          ]
        : []),
      layers.depthwiseConv2d({
        ...{ name: `${name}_depthwise`, kernelSize: 3, strides: stride, useBias: false },
        padding: stride === 2 ? "valid" : "same",
      }),
      normed(`${name}_depthwise`),
      layers.reLU({ name: `${name}_depthwise_relu`, maxValue: 6 }),
      layers.conv2d({ name: `${name}_project`, filters, kernelSize: 1, useBias: false, padding: "same" }),
      normed(`${name}_project`),
    );
    return stride === 1 ? (layers.add({ name: `${name}_add` }).apply([y, inner]) as tfl.SymbolicTensor) : inner;
  };
  const stem = apply(
    x,
    layers.zeroPadding2d({
      name: "Conv1_pad",
      padding: [
        [0, 1],
        [0, 1],
      ],
    }),
    layers.conv2d({ name: "Conv1", filters: width, kernelSize: 3, strides: 2, useBias: false }),
    normed("bn_Conv1"),
    layers.reLU({ name: "Conv1_relu", maxValue: 6 }),
  );
  const features = block(block(stem, "block_1", width, 1), "block_2", 2 * width, 2);
  const base = tfl.sequential({
    layers: [
      tfl.model({ inputs: x, outputs: features, name: "model1" }),
      layers.globalAveragePooling2d({ name: "global_average_pooling2d_GlobalAveragePooling2D1" }),
    ],
    name: "sequential_1",
  });
  const head = tfl.sequential({
    layers: [
      layers.dense({
        inputShape: [2 * width],
        units: 10,
        activation: "relu",
        kernelInitializer: "varianceScaling",
        name: "dense_Dense1",
      }),
      layers.dense({
        units: 3,
        activation: "softmax",
        useBias: false,
        kernelInitializer: "varianceScaling",
        name: "dense_Dense2",
      }),
    ],
    name: "sequential_3",
  });
  const metadata = {
    tfjsVersion: "1.7.4",
    tmVersion: "2.4.7",
    packageName: "@teachablemachine/image",
    labels: ["a", "b", "c"],
    imageSize: size,
  };
  return { model: tfl.sequential({ layers: [base, head], name: "sequential_4" }), metadata };
}
