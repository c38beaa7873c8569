const NAMES = [
  ...(["linear", "relu", "relu6", "leakyRelu", "elu", "selu", "gelu", "geluTanh", "silu", "swish", "mish"] as const),
  ...(["sigmoid", "hardSigmoid", "hardSilu", "hardSwish", "tanh", "softplus", "softsign", "exponential"] as const),
  ...(["softmax", "logSoftmax"] as const),
] as const;

/** Name of an activation: a function that a layer may end in, by Keras' names in this project's spelling. */
export type ActivationName = (typeof NAMES)[number];

/** All names, in the order in which errors list them. */
export const activationNames: readonly ActivationName[] = NAMES;
