import { activationName, defineLayer, type Layer } from "../layer.ts";

/** Applies an activation: "relu", "softmax" (over the last axis) or "linear". */
export function activation(name: string, options: { name?: string } = {}): Layer {
  return defineLayer({
    config: { kind: "activation", ...options, options: { activation: name } },
    keyword: "activation",
    activation: activationName("layer activation", name),
    outputShape: (input) => input,
    parameters: () => [],
    multiplyAdds: () => 0,
    build: (x) => x,
  });
}
