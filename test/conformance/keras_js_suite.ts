import type { Backend } from "../../src/graph/backend.ts";
import { Graph } from "../../src/graph.ts";
import { input, type Model, model, type SymbolicTensor } from "../../src/index.ts";
import { activationCall, type Call, type KerasAttributes, kerasLayer } from "./keras_layers.ts";
import { expectWithin, OutOfScope, type Report, type Suite } from "./suite.ts";

interface KerasTensor {
  readonly shape: number[];
  readonly data: number[];
}

interface KerasCase {
  readonly input?: KerasTensor;
  readonly inputs?: readonly KerasTensor[];
  readonly weights?: readonly KerasTensor[];
  readonly expected: KerasTensor;
}

/** A layer of a whole network: which layers it reads, or which of the network's inputs. */
interface WiredLayer {
  readonly layerClass: string;
  readonly attrs: KerasAttributes & { readonly name: string };
  readonly inbound: readonly string[];
  readonly branch?: number | readonly number[];
}

interface ListedLayer {
  readonly layer?: string;
  readonly activation?: string;
  readonly args?: readonly { readonly alpha?: number; readonly maxValue?: number }[];
  readonly attrs?: KerasAttributes;
}

/** What attrs.json says of a case: a whole network, or layers one after the other. */
interface KerasDescription {
  readonly pipeline?: { readonly layers: readonly WiredLayer[] };
  readonly layers?: readonly ListedLayer[];
}

/** Merging layers come last in their lists, and combine all branches before them. */
const MERGING = /^(Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract)$/;

/** Files by folder of test/data; each holds cases by name. */
const FILES = {
  activations: ["activations"],
  "layers/advanced_activations": ["layers/advanced_activations"],
  ...Object.fromEntries(
    Object.entries({
      convolutional: [
        ...["Conv1D", "Conv2D", "Conv2DTranspose", "Conv3D", "Cropping1D", "Cropping2D", "Cropping3D"],
        ...["SeparableConv2D", "UpSampling1D", "UpSampling2D", "UpSampling3D"],
        ...["ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"],
      ],
      core: ["Activation", "Dense", "Dropout", "Flatten", "Permute", "RepeatVector", "Reshape"],
      embeddings: ["Embedding"],
      merge: ["Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"],
      noise: ["GaussianDropout", "GaussianNoise"],
      normalization: ["BatchNormalization"],
      pooling: ["Average", "GlobalAverage", "GlobalMax", "Max"].flatMap((kind) =>
        ["1D", "2D", "3D"].map((rank) => `${kind}Pooling${rank}`),
      ),
      recurrent: ["GRU", "LSTM", "SimpleRNN"],
      wrappers: ["Bidirectional", "TimeDistributed"],
    }).map(([folder, names]) => [folder, names.map((name) => `layers/${folder}/${name}`)]),
  ),
  graph: Array.from({ length: 8 }, (_, index) => `graph/0${index}`),
  pipeline: Array.from({ length: 17 }, (_, index) => `pipeline/${String(index).padStart(2, "0")}`),
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A model that does what Keras' did, and the names of the layers that hold its weights, in Keras' order. */
function networkOf(one: KerasCase, { pipeline, layers = [] }: KerasDescription): { network: Model; holders: string[] } {
  const xs = (one.inputs ?? (one.input ? [one.input] : [])).map(({ shape }) => input(shape));
  const [x] = xs;
  if (x === undefined) throw new Error("a case without an input");
  const built = pipeline ? wired(xs, pipeline.layers) : listed(x, layers);
  return { network: model({ inputs: xs, outputs: built.output }), holders: built.holders };
}

function wired(xs: readonly SymbolicTensor[], layers: readonly WiredLayer[]) {
  const tensors = new Map<string, SymbolicTensor>();
  let output: SymbolicTensor | undefined;
  for (const { layerClass, attrs, inbound, branch } of layers) {
    const { name, ...rest } = attrs;
    const sources = inbound.length > 0 ? inbound.map((source) => tensors.get(source)) : [xs[Number(branch ?? 0)]];
    const known = sources.filter((source): source is SymbolicTensor => source !== undefined);
    output = kerasLayer(layerClass, rest, name, known[0]?.shape.length ?? 0)(known);
    tensors.set(name, output);
  }
  if (output === undefined) throw new Error("a network without layers");
  return { output, holders: layers.map(({ attrs }) => attrs.name) };
}

/** Layers one after the other; where a merging layer ends the list, each Dense starts a branch of its own. */
function listed(x: SymbolicTensor, layers: readonly ListedLayer[]) {
  const merges = MERGING.test(layers.at(-1)?.layer ?? "");
  const branches: SymbolicTensor[] = [];
  let current = x;
  const holders: string[] = [];
  layers.forEach(({ layer, activation, args, attrs = {} }, index) => {
    const name = `keras_${index}`;
    holders.push(name);
    const merging = merges && index === layers.length - 1;
    if (merges && layer === "Dense" && index > 0) {
      branches.push(current);
      current = x;
    }
    const call: Call = activation
      ? activationCall(activation, args?.[0])
      : kerasLayer(layer ?? "", attrs, name, current.shape.length);
    current = call(merging ? [...branches, current] : [current]);
  });
  return { output: current, holders };
}

/** Gives the model Keras' weights. */
function setWeights(network: Model, holders: readonly string[], weights: readonly KerasTensor[]): void {
  const wanted = [...network.parameters];
  const names = holders.flatMap((holder) => wanted.filter(([name]) => name.startsWith(`${holder}/`)));
  if (names.length !== weights.length) {
    throw new Error(`Keras has ${weights.length} weights, the model ${names.map(([name]) => name).join(", ")}`);
  }
  network.setParameters(
    new Map(
      names.map(([name], index) => {
        const { shape, data } = weights[index] as KerasTensor;
        return [name, { shape, data: Float32Array.from(data) }];
      }),
    ),
  );
}

async function check(backend: Backend, one: KerasCase, description: KerasDescription): Promise<void> {
  const { network, holders } = networkOf(one, description);
  setWeights(network, holders, one.weights ?? []);
  const graph = new Graph();
  const data = one.inputs ?? (one.input ? [one.input] : []);
  const nodes = data.map(({ shape }, index) => graph.input(`x${index}`, [1, ...shape]));
  const [y] = network.build(graph, nodes);
  if (y === undefined) throw new Error("a model without an output");
  if (String(y.shape.slice(1)) !== String(one.expected.shape)) {
    throw new Error(`the result is [${y.shape.slice(1)}], Keras' is [${one.expected.shape}]`);
  }
  const program = await backend.compile(graph, { outputs: { y } });
  try {
    const feeds = Object.fromEntries(data.map((tensor, index) => [`x${index}`, Float32Array.from(tensor.data)]));
    const got = (await program.run(feeds))["y"]?.data;
    const largest = one.expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // Inputs, weights and results come with six decimals: numbers of about 1 are off by half a millionth each, and every
    // layer with weights adds the errors of its own to those of the layers before it.
    const weighted = new Set([...network.parameters.keys()].map((name) => name.split("/")[0])).size;
    expectWithin("y", got, one.expected.data, () => 1e-6 + (1 + weighted) * 2 ** -19 * largest);
  } finally {
    program.dispose();
  }
}

/**
 * What Keras 2 itself computed, layer by layer and network by network, as keras-js recorded it: run through this library's
 * layers and `model()`. channels_first is tried through permute().
 */
export const kerasJsSuite: Suite = {
  source: "keras-js",
  expected: { total: 334, inScope: 195 },
  async run(backend: Backend, report: Report) {
    const descriptions = (await report.read("keras-js/attrs.json")) as Record<string, KerasDescription> | undefined;
    if (descriptions === undefined) return;
    for (const file of Object.values(FILES).flat()) {
      const cases = (await report.read(`keras-js/test/data/${file}.json`)) as Record<string, KerasCase> | undefined;
      if (cases === undefined) continue;
      await report.each(
        Object.entries(cases),
        ([name]) => name,
        ([name, one]) => {
          const description = descriptions[name];
          if (description === undefined) throw new OutOfScope("no description of the case");
          return check(backend, one, description);
        },
      );
    }
  },
};
