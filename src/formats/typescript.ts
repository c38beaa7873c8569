/** A model as source of this library. */
import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import type { LayerConfig } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import type { FunctionalConfig, SequentialConfig } from "../nn/model_config.ts";

/** A text of ASCII signs alone, which no page's HTML ends either. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll(
    /[^ -~]|<(?=[/!])/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value as a literal: whatever a text holds, it stays one. */
function literal(value: unknown): string {
  if (typeof value === "string") return text(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const written = entries.map(([key, inner]) => {
    const isPlain = /^[A-Za-z_]\w*$/.test(key) && key !== "__proto__";
    return `${isPlain ? key : `[${text(key)}]`}: ${literal(inner)}`;
  });
  return written.length === 0 ? "{}" : `{ ${written.join(", ")} }`;
}

/** Whether layers have the names that the model gives by itself: "conv2d", "conv2d_1", …. */
function areUsual(model: Model): boolean {
  const counts = new Map<string, number>();
  return model.layers.every(({ name, layer: { keyword } }) => {
    const count = counts.get(keyword) ?? 0;
    counts.set(keyword, count + 1);
    return name === (count === 0 ? keyword : `${keyword}_${count}`);
  });
}

/** The call that makes a layer. */
function layerSource({ kind, name, options }: LayerConfig, isNamed: boolean): string {
  const named = isNamed && name !== undefined ? { name } : {};
  if (kind === "activation") {
    return `activation(${literal(options["activation"])}${isNamed ? `, ${literal(named)}` : ""})`;
  }
  const all = { ...options, ...named };
  return `${kind}(${Object.keys(all).length === 0 ? "" : literal(all)})`;
}

/** Whether the model names inputs so by itself. */
const isUsualInput = (name: string, place: number) => name === (place === 0 ? "input" : `input_${place}`);

function sequentialSource({ inputShape, seed, layers }: SequentialConfig, isNamed: boolean): string[] {
  return [
    `sequential({ inputShape: ${literal(inputShape)}, seed: ${literal(seed)} }, [`,
    ...layers.map((layer) => `  ${layerSource(layer, isNamed)},`),
    "])",
  ];
}

function functionalSource(
  model: Model,
  config: FunctionalConfig,
  isNamed: boolean,
): { lines: string[]; result: string } {
  const { inputs, layers, calls, outputs, seed } = config;
  const named = inputs.some(({ name }, place) => !isUsualInput(name, place));
  const lines = inputs.map(
    ({ name, shape }, place) =>
      `const x${place} = input(${literal(shape)}${named ? `, { name: ${text(name)} }` : ""});`,
  );
  const places = new Map(layers.map(({ name }, place) => [name, place]));
  const tensors = inputs.map((_, place) => `x${place}`);
  const uses = new Map<string, number>();
  for (const { layer } of calls) uses.set(layer, (uses.get(layer) ?? 0) + 1);
  const made = new Set<string>();
  for (const { layer, inputs: read } of calls) {
    const own = at(layers, places.get(layer) ?? 0);
    const count = at(model.layers, places.get(layer) ?? 0).outputShapes.length;
    let callee = layerSource(own, isNamed);
    if ((uses.get(layer) ?? 0) > 1) {
      const variable = `layer${places.get(layer) ?? 0}`;
      if (!made.has(layer)) lines.push(`const ${variable} = ${callee};`);
      made.add(layer);
      callee = variable;
    }
    const names = Array.from({ length: count }, (_, place) => `t${tensors.length + place}`);
    const list = read.map((tensor) => at(tensors, tensor)).join(", ");
    const isConstant = own.kind === "constant";
    const result = count > 1 || own.kind === "splitTensor" ? `[${names.join(", ")}]` : names.join("");
    lines.push(`const ${result} = ${callee}${isConstant ? "" : `(${read.length > 1 ? `[${list}]` : list})`};`);
    tensors.push(...names);
  }
  const listed = (numbers: readonly number[]) => `[${numbers.map((tensor) => at(tensors, tensor)).join(", ")}]`;
  const result = `model({ inputs: ${listed(inputs.map((_, place) => place))}, outputs: ${listed(outputs)}, seed: ${literal(seed)} })`;
  return { lines, result };
}

/**
 * The network as source of this library, TypeScript that is JavaScript too, without its weights: a module that exports
 * `createNetwork()`, whose model has the same config as this one.
 *
 *     download("network.ts", toTypeScript(model));
 *     download("network.safetensors", toSafetensors(model.parameters));
 *
 * and there `createNetwork().setParameters(loadSafetensors(bytes))`. Texts of the model, its names, are literals of ASCII signs and nothing
 * else. Throws `ArgumentError`, which names them, for layers of `defineLayer`, whose code is its author's own.
 */
export function toTypeScript(model: Model): string {
  const given: unknown = model;
  if (typeof given !== "object" || given === null || !("arena" in given && "layers" in given)) {
    throw new ArgumentError(
      `toTypeScript: wants a model, as sequential() and model() make it, got ${describeValue(given)}.`,
    );
  }
  const config = model.toJSON();
  const own = config.layers.filter(({ kind }) => !/^[A-Za-z]\w*$/.test(kind));
  if (own.length > 0) {
    const listed = own.map(({ name, kind }) => `${JSON.stringify(name)} (${kind})`).join(", ");
    throw new ArgumentError(
      `toTypeScript: layers of defineLayer() have code that is not in the model: ${listed}. Write the network by hand, with their definitions.`,
    );
  }
  const isNamed = !areUsual(model);
  const written = config.kind === "sequential" ? undefined : functionalSource(model, config, isNamed);
  const lines = written?.lines ?? [];
  const result = written ? [written.result] : sequentialSource(config as SequentialConfig, isNamed);
  const frozen = config.layers.filter(({ trainable }) => trainable === false);
  const whole = frozen.length === 0 ? result : [`freeze(${result[0]}`, ...result.slice(1)];
  const [last = ""] = whole.slice(-1);
  const end = frozen.length === 0 ? "" : `, { layers: ${literal(frozen.map(({ name }) => name))} })`;
  const body = [...lines, `return ${whole.slice(0, -1).concat(`${last}${end}`).join("\n")};`];
  const used = new Set([
    ...config.layers.map(({ kind }) => kind),
    ...(config.kind === "sequential" ? ["sequential"] : ["input", "model"]),
    ...(frozen.length === 0 ? [] : ["freeze"]),
  ]);
  const indented = body.flatMap((line) => line.split("\n")).map((line) => `  ${line}`);
  return `import { ${[...used].sort().join(", ")} } from "corteza";

/** The network, with initial weights. */
export function createNetwork() {
${indented.join("\n")}
}
`;
}
