/** "Copy as code": the present network and its training as TypeScript that runs with the library alone. */
import type { AffineRanges } from "../src/core/affine.ts";
import type { LayerConfig } from "../src/nn/layer.ts";
import { type ModelConfig, modelFromConfig } from "../src/nn/model_config.ts";
import type { Optimizer } from "../src/nn/optimizers.ts";
import { madeBy } from "./optimizer_rules.ts";

export interface CodeOptions {
  readonly model: ModelConfig;
  readonly loss: string;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  readonly seed: number;
  readonly epochs: number;
  readonly augment: AffineRanges | undefined;
  /** Start of the data files' addresses: "https://…/data/mnist-small". */
  readonly data: string;
}

/**
 * The program. It trains from the beginning: random weights from the same seed, so the same run again. Texts that came from
 * a file stay texts. Throws what the library throws of layers and `FormatError` of an optimizer that it does not have.
 */
export function toCode(options: CodeOptions): string {
  const { loss, optimizer, batchSize, seed, epochs, augment, data } = options;
  // Made once, by the library: kinds and options are known ones then.
  const model = modelFromConfig(options.model).toJSON();
  const names = new Set(["bestBackend", "createTrainer", "fetchIdx"]);
  const network = networkCode(model, names);
  const training = [
    "backend: await bestBackend(),",
    `loss: ${literal(loss)},`,
    `optimizer: ${optimizerCode(optimizer, names)},`,
    `batchSize: ${literal(batchSize)},`,
    `seed: ${literal(seed)},`,
  ];
  const fit = [
    `epochs: ${literal(epochs)},`,
    ...(augment ? [`augment: ${literal(augment)},`] : []),
    "validationData: test,",
    "onEpoch: ({ epoch, loss, validationAccuracy }) => console.log({ epoch, loss, validationAccuracy }),",
  ];
  return `import { ${[...names].sort().join(", ")} } from "corteza";

// Copies of these four files beside your page do as well.
const file = (name: string) => \`${inTemplate(data)}-\${name}-ubyte.gz\`;
const train = await fetchIdx({ images: file("train-images.idx3"), labels: file("train-labels.idx1") });
const test = await fetchIdx({ images: file("test-images.idx3"), labels: file("test-labels.idx1") });

${network}

const trainer = await createTrainer(network, {
${indented(training)}
});
await trainer.fit(train, {
${indented(fit)}
});

const { accuracy } = await trainer.evaluate(test);
console.log(\`\${(100 * accuracy).toFixed(1)} % of \${test.count} digits that it never trained on\`);
`;
}

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join("\n");

/** Whether a key can stand in a program as it is. `__proto__` would set a prototype. */
const isName = (key: string) => /^[A-Za-z_]\w*$/.test(key) && key !== "__proto__";

/** What would end an inline script, or shows otherwise than it reads: controls, and marks that turn the direction round. */
const UNSEEN = /<(?=[/!])|[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A text as a literal, whatever is in it. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(UNSEEN, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const inTemplate = (text: string) => text.replace(/[`\\$]/g, "\\$&").replace(UNSEEN, "");

/** A value as one would write it: { filters: 32, padding: "same" }. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    if (fields.length === 0) return "{}";
    // A computed key is a property in any case.
    const key = (name: string) => (isName(name) ? name : `[${quoted(name)}]`);
    return `{ ${fields.map(([name, field]) => `${key(name)}: ${literal(field)}`).join(", ")} }`;
  }
  if (typeof value === "string") return quoted(value);
  return JSON.stringify(value) ?? "undefined";
}

/** Only what differs from the defaults is worth a reader's time. */
function optimizerCode({ rule, learningRate }: Optimizer, names: Set<string>): string {
  const { name, options } = madeBy(rule);
  names.add(name);
  return `${name}(${literal({ learningRate, ...options })})`;
}

/** Whether the layers have the names that they would get anyway. */
function hasUsualNames(config: ModelConfig): boolean {
  if (config.kind !== "sequential") return false;
  const unnamed = { ...config, layers: config.layers.map(({ kind, options }) => ({ kind, options })) };
  const usual = modelFromConfig(unnamed).toJSON();
  return usual.layers.every((layer, index) => layer.name === config.layers[index]?.name);
}

function layerCode({ kind, options, name }: LayerConfig, withName: boolean, names: Set<string>): string {
  names.add(kind);
  const named = withName && name !== undefined ? { name } : {};
  // An activation layer takes its function first.
  const { activation, ...rest } = options;
  if (kind === "activation") {
    const more = { ...rest, ...named };
    return `activation(${literal(activation)}${Object.keys(more).length === 0 ? "" : `, ${literal(more)}`})`;
  }
  const all = { ...options, ...named };
  return `${kind}(${Object.keys(all).length === 0 ? "" : literal(all)})`;
}

function networkCode(config: ModelConfig, names: Set<string>): string {
  const withNames = !hasUsualNames(config);
  if (config.kind === "sequential") {
    names.add("sequential");
    const { inputShape, seed, layers } = config;
    const lines = layers.map((layer) => `${layerCode(layer, withNames, names)},`);
    return `const network = sequential(${literal({ inputShape, seed })}, [\n${indented(lines)}\n]);`;
  }
  names.add("input").add("model");
  const { inputs, layers, calls, outputs, seed } = config;
  const lines = inputs.map(
    ({ name, shape }, index) => `const x${index} = input(${literal(shape)}, ${literal({ name })});`,
  );
  // A layer that is called more than once shares its weights: it gets a name of its own.
  const shared = layers.filter(({ name }) => calls.filter(({ layer }) => layer === name).length > 1);
  shared.forEach((layer, index) => {
    lines.push(`const shared${index} = ${layerCode(layer, true, names)};`);
  });
  calls.forEach((call, index) => {
    const layer = layers.find(({ name }) => name === call.layer);
    if (layer === undefined) return;
    const made = shared.includes(layer) ? `shared${shared.indexOf(layer)}` : layerCode(layer, true, names);
    const from = call.inputs.map((tensor) => `x${tensor}`);
    lines.push(`const x${inputs.length + index} = ${made}(${from.length === 1 ? from[0] : `[${from.join(", ")}]`});`);
  });
  const list = (tensors: readonly number[]) =>
    tensors.length === 1 ? `x${tensors[0]}` : `[${tensors.map((tensor) => `x${tensor}`).join(", ")}]`;
  const all = inputs.map((_, index) => index);
  lines.push(`const network = model({ inputs: ${list(all)}, outputs: ${list(outputs)}, seed: ${literal(seed)} });`);
  return lines.join("\n");
}
