/** "Copy as code": the present network and its training as TypeScript that runs with the library alone. */
import {
  type AffineRanges,
  adam,
  type LayerConfig,
  type ModelConfig,
  modelFromConfig,
  type Optimizer,
  sgd,
} from "../src/index.ts";

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

/** The program. It trains from the beginning: random weights from the same seed, so the same run again. */
export function toCode(options: CodeOptions): string {
  const { model, loss, optimizer, batchSize, seed, epochs, augment, data } = options;
  const names = new Set(["bestBackend", "createTrainer", "fetchIdx"]);
  const network = networkCode(model, names);
  const training = [
    "backend: await bestBackend(),",
    `loss: ${literal(loss)},`,
    `optimizer: ${optimizerCode(optimizer, names)},`,
    `batchSize: ${batchSize},`,
    `seed: ${seed},`,
  ];
  const fit = [
    `epochs: ${epochs},`,
    ...(augment ? [`augment: ${literal(augment)},`] : []),
    "validationData: test,",
    "onEpoch: ({ epoch, loss, validationAccuracy }) => console.log({ epoch, loss, validationAccuracy }),",
  ];
  return `import { ${[...names].sort().join(", ")} } from "corteza";

// Copies of these four files beside your page do as well.
const file = (name: string) => \`${data}-\${name}-ubyte.gz\`;
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

/** A value as one would write it: { filters: 32, padding: "same" }. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    if (fields.length === 0) return "{}";
    return `{ ${fields.map(([name, field]) => `${name}: ${literal(field)}`).join(", ")} }`;
  }
  return JSON.stringify(value);
}

function optimizerCode({ rule, learningRate }: Optimizer, names: Set<string>): string {
  const { kind, ...options } = rule;
  const makers = { adam, sgd } as const;
  for (const [name, make] of Object.entries(makers)) {
    // Only what differs from the defaults is worth a reader's time.
    const usual = make({ learningRate }).rule;
    if (usual.kind !== kind) continue;
    const changed = Object.fromEntries(
      Object.entries(options).filter(([option, value]) => value !== Reflect.get(usual, option)),
    );
    const made = make({ learningRate, ...changed });
    if (literal(made.rule) !== literal(rule)) continue;
    names.add(name);
    return `${name}(${literal({ learningRate, ...changed })})`;
  }
  // An optimizer is plain data: this is the whole of it.
  return literal({ rule, learningRate });
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
  lines.push(`const network = model({ inputs: ${list(all)}, outputs: ${list(outputs)}, seed: ${seed} });`);
  return lines.join("\n");
}
