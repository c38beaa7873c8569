/** `openModel` gives what `modelFromConfig` gives, of every kind of layer, and refuses what is no model by typed errors. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Tensor } from "../../src/core/tensor.ts";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  constant,
  createPredictor,
  createTrainer,
  defineLayer,
  dense,
  FormatError,
  flatten,
  input,
  l1,
  l2,
  loadSafetensors,
  type Model,
  type ModelConfig,
  maxNorm,
  maxPooling2d,
  model,
  modelFromConfig,
  openModel,
  operation,
  sequential,
  toSafetensors,
  unitNorm,
} from "../../src/index.ts";
import { ALL_LAYERS } from "../../src/nn/layers/index.ts";
import { fetchBuilders } from "../../src/nn/layers/on_demand.ts";
import { hasUsualOptions } from "../../src/nn/layers/usual/options.ts";
import { graphLayers } from "../../src/nn/own_layers.ts";
import { honestConfigs, smallNetwork } from "../support/fuzz.ts";
import { LAYER_CASES } from "../support/layer_cases.ts";
import { importedNetwork } from "../support/operations.ts";
import { RandomData } from "../support/random.ts";

/** The file that a user saves. */
const fileOf = (made: Model) => toSafetensors(made.parameters, { config: JSON.stringify(made) });

/** What a model makes of random images, every output. */
async function outputsOf(made: Model): Promise<Float32Array[]> {
  const random = new RandomData(5);
  const images = made.inputShapes.map((shape) =>
    Float32Array.from(random.normals(2 * shape.reduce((a, b) => a * b, 1))),
  );
  const predictor = await createPredictor(made, { backend: cpu() });
  try {
    return (await predictor.predict(images)).map(({ data }) => data);
  } finally {
    predictor.dispose();
  }
}

/** Holds a model that was opened against the one that `modelFromConfig` makes of the same file. */
async function expectTheSame(opened: Model, file: Uint8Array, config: ModelConfig): Promise<void> {
  const wanted = modelFromConfig(config, { weights: loadSafetensors(file), layers: { constant, operation } });
  expect(opened.toJSON()).toEqual(wanted.toJSON());
  expect(opened.parameters).toEqual(wanted.parameters);
  expect(await outputsOf(opened)).toEqual(await outputsOf(wanted));
}

const copyOf = (made: Model): ModelConfig => JSON.parse(JSON.stringify(made));

describe("a model with its weights", () => {
  it.each(Object.entries(LAYER_CASES))("%s is opened as modelFromConfig does", async (_, { make, input: shape }) => {
    const made = sequential({ inputShape: shape, seed: 3 }, [make()]);
    const file = fileOf(made);
    await expectTheSame(await openModel(file), file, copyOf(made));
  });

  it("so is every other model: of branches, of several outputs, of ops and constants", async () => {
    const isWhole = ({ layers }: ModelConfig) =>
      layers.every(({ kind, options }) => kind !== "constant" || "data" in options);
    for (const config of honestConfigs().filter(isWhole)) {
      const made = modelFromConfig(config, { layers: { constant, operation } });
      const file = fileOf(made);
      graphLayers.clear();
      expect((await openModel(file)).toJSON()).toEqual(made.toJSON());
    }
    const made = importedNetwork();
    const file = fileOf(made);
    graphLayers.clear();
    await expectTheSame(await openModel(file), file, copyOf(made));
  });

  it("every kind of layer is in a file that is fetched for it", async () => {
    const kinds = Object.keys(ALL_LAYERS);
    const { builders, known } = await fetchBuilders(kinds.map((kind) => ({ kind })));
    for (const kind of kinds) expect([kind, typeof builders[kind]]).toEqual([kind, "function"]);
    expect([...known].sort()).toEqual(kinds.sort());
    expect(Object.keys((await fetchBuilders([{ kind: "dense" }, { kind: "nothing" }])).builders)).not.toContain(
      "dropout",
    );
  });

  it.each([
    ["its regularizers", { kernelRegularizer: l2(0.5), biasRegularizer: l1(0.25) }],
    ["its constraints", { kernelConstraint: maxNorm({ maxValue: 0.01 }), biasConstraint: unitNorm() }],
    ["an activation that few networks have", { activation: "softplus" }],
    ["its initializers", { kernelInitializer: { name: "randomNormal", stddev: 0.2 }, biasInitializer: "ones" }],
    ["nothing that few networks have", {}],
  ] as const)("is trained on as the original is, with %s", async (_, options) => {
    const made = sequential({ inputShape: [4], seed: 1 }, [dense({ units: 3, ...options }), dense({ units: 2 })]);
    const config = copyOf(made);
    const trained = await Promise.all(
      [made, await openModel(fileOf(made))].map(async (one) => {
        const trainer = await createTrainer(one, {
          ...{ backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer: "sgd", batchSize: 2 },
        });
        const { loss } = await trainer.trainOnBatch(Float32Array.of(1, 2, 3, 4, -1, 0, 2, 5), [0, 1]);
        await trainer.syncModel();
        trainer.dispose();
        return { loss, parameters: one.parameters, config: copyOf(one) };
      }),
    );
    expect(trained[1]).toEqual(trained[0]);
    expect(trained[0]?.config).toEqual(config);
    const rules = { kind: "dense", options: config.layers[0]?.options };
    expect(hasUsualOptions(rules)).toBe(Object.keys(options).length === 0);
  });

  it("a layer of its author's own is made by who defined it, one of ops by the maker that is given", async () => {
    const twice = defineLayer({ kind: "twice_opened", build: (graph, x) => graph.mul(x, 2) });
    const made = sequential({ inputShape: [3] }, [twice(), dense({ units: 2 })]);
    const file = fileOf(made);
    await expectTheSame(await openModel(file), file, copyOf(made));
    const of = vi.fn(operation);
    const x = input([3]);
    const network = model({ inputs: x, outputs: operation({ op: "mul", attributes: [2] })(x) });
    expect((await openModel(fileOf(network), { layers: { operation: of } })).toJSON()).toEqual(network.toJSON());
    expect(of).toHaveBeenCalledTimes(1);
  });

  it("is opened from bytes, a file, a response, and its JSON beside weights", async () => {
    const made = smallNetwork();
    const file = fileOf(made);
    const buffer = file.buffer.slice(0);
    const config = copyOf(made);
    for (const source of [file, buffer, new Blob([file]), new File([file], "digits.safetensors"), new Response(file)]) {
      await expectTheSame(await openModel(source), file, config);
    }
    await expectTheSame(await openModel(config, { weights: made.parameters }), file, config);
  });

  it("draws no initial value: an orthogonal kernel of 4000 × 4000 would take minutes", async () => {
    const made = sequential({ inputShape: [4000] }, [dense({ units: 4000, kernelInitializer: "orthogonal" })]);
    const weights = new Map<string, Tensor>([
      ["dense/kernel", { shape: [4000, 4000], data: new Float32Array(4000 * 4000) }],
      ["dense/bias", { shape: [4000], data: new Float32Array(4000).fill(2) }],
    ]);
    const opened = await openModel(made.toJSON(), { weights });
    expect(opened.parameters.get("dense/bias")?.data[3999]).toBe(2);
  }, 5000);

  it("a trainer's checkpoint gives the model as it was then", async () => {
    const made = smallNetwork();
    const options = { backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer: "adam", batchSize: 2 } as const;
    const trainer = await createTrainer(made, options);
    await trainer.trainOnBatch(new Float32Array(128).fill(0.5), [0, 2]);
    const bytes = await trainer.checkpoint();
    await trainer.syncModel();
    trainer.dispose();
    expect((await openModel(bytes)).parameters).toEqual(made.parameters);
    const last = bytes.length - 1;
    bytes[last] = (bytes[last] ?? 0) ^ 1;
    await expect(openModel(bytes)).rejects.toThrow("This checkpoint is damaged");
  });
});

describe("what is no model", () => {
  const rejects = async (
    source: unknown,
    type: new (...parts: never[]) => Error,
    message: string | RegExp,
    options?: object,
  ) => {
    const opening = openModel(source as never, options as never);
    await expect(opening).rejects.toBeInstanceOf(type);
    await expect(opening).rejects.toThrow(message);
  };
  const made = () => sequential({ inputShape: [4, 4, 1], seed: 1 }, [maxPooling2d(), flatten(), dense({ units: 2 })]);
  const withConfig = (config: string) => toSafetensors(made().parameters, { config });

  it.each([
    ["a web page", "<!doctype html><title>404</title>", "this looks like a web page"],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0", "fetch that with `git lfs pull`"],
    ["nothing", "", "it is empty"],
    ["a zip archive", "PK\x03\x04aaaaaaaaaaaa", "unpack it first"],
  ])("%s is told as that", async (_, text, message) => {
    await rejects(new TextEncoder().encode(text), FormatError, message);
    await rejects(new Blob([text]), FormatError, message);
  });

  it("a file without a model says how one is written, and how its weights are opened", async () => {
    await rejects(toSafetensors(made().parameters), FormatError, "Write it with saveModel(model)");
    await rejects(
      toSafetensors(made().parameters),
      FormatError,
      "openModel(config, { weights: loadSafetensors(bytes) })",
    );
  });

  it("a configuration that is none is refused", async () => {
    await rejects(withConfig("{"), FormatError, /the "config" of the file's metadata is not JSON/);
    await rejects(withConfig("[]"), FormatError, "is not a JSON object");
    await rejects(withConfig("null"), FormatError, "is not a JSON object");
    await rejects(withConfig('{"kind":"sequential","kind":"functional"}'), FormatError, 'names "kind" twice');
    await rejects(withConfig(`{"a":${"[".repeat(40)}${"]".repeat(40)}}`), FormatError, "nested too deeply");
    await rejects(withConfig(`{"a":"${"x".repeat(4_000_000)}"}`), FormatError, "at most 4000000 are read");
    await rejects(withConfig("{}"), FormatError, "This is not the configuration of a Corteza model.");
    await rejects(
      withConfig('{"kind":"sequential","inputShape":[4],"layers":{}}'),
      FormatError,
      "not the configuration",
    );
    for (const kind of ["dens", "__proto__", "toString", 3, null]) {
      const config = { kind: "sequential", seed: 0, inputShape: [4], layers: [{ kind, options: {} }] };
      await rejects(
        withConfig(JSON.stringify(config)),
        FormatError,
        /^Unknown layer .*; known: activation, add, average/,
      );
    }
    const config = { kind: "sequential", seed: 0, inputShape: [4], layers: [null] };
    await rejects(withConfig(JSON.stringify(config)), FormatError, "A layer of this configuration is no object");
  });

  it("weights that are not the model's are refused, before anything is made of its sizes", async () => {
    const weights = new Map([...made().parameters].slice(0, 1));
    const config = JSON.stringify(made());
    await rejects(toSafetensors(weights, { config }), FormatError, 'Tensor "dense/bias" is missing');
    const large = sequential({ inputShape: [4000] }, [dense({ units: 4000 })]);
    await rejects(
      toSafetensors(weights, { config: JSON.stringify(large) }),
      FormatError,
      'Tensor "dense/kernel" is [4, 2]; the model wants [4000, 4000]',
    );
    const spoilt = new Map(made().parameters);
    spoilt.set("dense/bias", { shape: [2], data: Float32Array.of(0, Number.NaN) });
    await rejects(toSafetensors(spoilt, { config }), ArgumentError, '"dense/bias" holds NaN');
  });

  it("a layer of somebody else's own says what to call", async () => {
    const config = { kind: "sequential", seed: 0, inputShape: [4], layers: [{ kind: "own/unheard_of", options: {} }] };
    await rejects(withConfig(JSON.stringify(config)), FormatError, 'call defineLayer({ kind: "unheard_of", … })');
  });

  it("other things are no source, and options are held against each other", async () => {
    for (const source of [undefined, null, 3, [1, 2], new Map(), () => 1, new Float32Array(2)]) {
      await rejects(source, ArgumentError, "openModel: wants a file's address, a Response");
    }
    await rejects(made().toJSON(), ArgumentError, "modelFromConfig(config) makes one with initial weights");
    await rejects(made().toJSON(), ArgumentError, "has no weights", { weights: {} });
    await rejects(fileOf(made()), ArgumentError, "a file has its own weights", { weights: made().parameters });
    await rejects(fileOf(made()), ArgumentError, 'unknown option "weigths"; did you mean "weights"?', { weigths: 1 });
    await rejects("./model.safetensors", ArgumentError, "openModel(await readFile(path))");
    await rejects("file:///model.safetensors", ArgumentError, "openModel(await readFile(path))");
  });
});

describe("over the network", () => {
  let server: Server;
  let address = "";
  let answer: RequestListener;
  const file = fileOf(smallNetwork());

  beforeAll(async () => {
    server = createServer((request, response) => {
      // No connection is kept for another request, which would be told of an end that was meant for this one.
      response.setHeader("connection", "close");
      answer(request, response);
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/digits.safetensors`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    answer = (_, response) => response.end(file);
  });

  it("an address is fetched, as text or as a URL", async () => {
    for (const source of [address, new URL(address)]) {
      await expectTheSame(await openModel(source), file, copyOf(smallNetwork()));
    }
    await expectTheSame(await openModel(await fetch(address)), file, copyOf(smallNetwork()));
  });

  it("a file that is not there, a server that is not, and a connection that breaks off are network errors", async () => {
    answer = (_, response) => response.writeHead(404, "Not Found").end("<!doctype html>");
    const told = `${address}: the server answered 404 Not Found.`;
    await expect(openModel(address)).rejects.toMatchObject({ code: "network", message: told });
    await expect(openModel(await fetch(address))).rejects.toMatchObject({ code: "network", message: told });
    await expect(openModel("http://127.0.0.1:1/x")).rejects.toMatchObject({ code: "network" });
    answer = (_, response) => {
      response.writeHead(200, { "content-length": String(file.length) });
      response.write(file.subarray(0, 100), () => response.destroy());
    };
    await expect(openModel(address)).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("could not be read to its end"),
    });
  });

  it("a page in a file's place is told, and a response that was read", async () => {
    answer = (_, response) => response.end("<!doctype html><title>Sign in</title>");
    await expect(openModel(address)).rejects.toThrow("this looks like a web page");
    const response = await fetch(address);
    await response.text();
    await expect(openModel(response)).rejects.toThrow("the response was read before; give a clone() of it");
  });

  it("ends with its reason when it is aborted: before, while the file is on its way, and between", async () => {
    const reason = new Error("enough");
    await expect(openModel(address, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const aborted = new AbortController();
    answer = (_, response) => {
      response.writeHead(200, { "content-length": String(file.length) });
      response.write(file.subarray(0, 100));
      setTimeout(() => aborted.abort(reason), 20);
    };
    await expect(openModel(address, { signal: aborted.signal })).rejects.toBe(reason);
    const between = new AbortController();
    const opening = openModel(new Blob([file]), { signal: between.signal });
    between.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });
});
