/** The worker's side: owns the backend and the trainer, answers the page's calls. */
import { ArgumentError, WebGpuUnavailableError } from "../core/errors.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend } from "../graph/backend.ts";
import type { Model } from "../nn/model.ts";
import { modelFromConfig } from "../nn/model_config.ts";
import { createTrainer } from "../train/trainer.ts";
import type { FitOptions, StepEvent, Trainer } from "../train/types.ts";
import { webgpu } from "../webgpu/backend.ts";
import type { BackendChoice, CallName, Calls, Request, Response } from "./protocol.ts";
import { serializeError } from "./protocol.ts";

let backend: Backend | undefined;
let model: Model | undefined;
let trainer: Trainer | undefined;
const datasets = new Map<number, Dataset>();
const canvases = new Map<number, OffscreenCanvas>();
const aborts = new Map<number, AbortController>();

function post(response: Response): void {
  // In a worker, postMessage takes no target origin; the DOM types know only the window's.
  (globalThis as { postMessage(message: unknown): void }).postMessage(response);
}

let cpuBackend: () => Promise<Backend>;

async function chooseBackend(
  choice: BackendChoice,
  autotune: boolean,
): Promise<{ backend: Backend; whyNotWebGpu: string | undefined }> {
  if (choice === "cpu") return { backend: await cpuBackend(), whyNotWebGpu: undefined };
  try {
    return { backend: await webgpu({ autotune }), whyNotWebGpu: undefined };
  } catch (error) {
    if (choice === "webgpu" || !(error instanceof WebGpuUnavailableError)) throw error;
    return { backend: await cpuBackend(), whyNotWebGpu: error.message };
  }
}

function theTrainer(): Trainer {
  if (trainer === undefined) throw new ArgumentError("The worker has no trainer yet.");
  return trainer;
}

function theDataset(key: number): Dataset {
  const dataset = datasets.get(key);
  if (dataset === undefined) throw new ArgumentError(`The worker does not know data set ${key}.`);
  return dataset;
}

function theCanvas(key: number): OffscreenCanvas {
  const canvas = canvases.get(key);
  if (canvas === undefined) throw new ArgumentError(`The worker does not know canvas ${key}.`);
  return canvas;
}

type Handlers = { [Name in CallName]: (args: Calls[Name]["args"], id: number) => Promise<Calls[Name]["result"]> };

const handlers: Handlers = {
  async create(args) {
    const chosen = await chooseBackend(args.backend, args.autotune);
    backend = chosen.backend;
    model = modelFromConfig(args.model);
    model.setParameters(args.parameters);
    trainer = await createTrainer(model, {
      backend,
      loss: args.loss,
      lossWeights: args.lossWeights,
      metrics: args.metrics,
      optimizer: args.optimizer,
      batchSize: args.batchSize,
      seed: args.seed,
      recompute: args.recompute,
      precision: args.precision,
    });
    return { backendKind: backend.kind, whyNotWebGpu: chosen.whyNotWebGpu };
  },
  async dataset({ key, dataset }) {
    datasets.set(key, dataset);
  },
  async fit({ dataset, validation, ...rest }, id) {
    const options: FitOptions = {
      ...rest,
      signal: signalOf(id),
      ...(validation === undefined ? {} : { validationData: theDataset(validation) }),
      onStep: bundled((steps) => post({ id, steps, stats: theTrainer().stats() })),
      onEpoch: (epoch) => queueMicrotask(() => post({ id, epoch, stats: theTrainer().stats() })),
    };
    return theTrainer().fit(theDataset(dataset), options);
  },
  prepare: ({ dataset, ...options }, id) =>
    theTrainer().prepare(theDataset(dataset), { ...options, signal: signalOf(id) }),
  evaluate: ({ dataset, outputs }, id) => theTrainer().evaluate(theDataset(dataset), { outputs, signal: signalOf(id) }),
  async release({ dataset: key }) {
    const dataset = theDataset(key);
    datasets.delete(key);
    await theTrainer().release(dataset);
  },
  inspect: ({ image, ...options }) => theTrainer().inspect(image, options),
  async draw({ image, drawings, options, canvases: sent }) {
    for (const [key, canvas] of sent) canvases.set(key, canvas);
    const own = drawings.map(({ canvas, ...drawing }) => ({ ...drawing, canvas: theCanvas(canvas) }));
    await theTrainer().draw(image, own, options);
  },
  predict: ({ x }) => theTrainer().predict(x),
  predictAll: ({ xs }) => theTrainer().predict(xs),
  trainOnBatch: ({ x, y }) => theTrainer().trainOnBatch(x, y),
  trainOnLists: ({ xs, ys }) => theTrainer().trainOnBatch(xs, ys),
  async setParameters({ parameters }) {
    model?.setParameters(parameters);
  },
  async parameters() {
    await theTrainer().syncModel();
    return model?.parameters ?? new Map();
  },
  async setLearningRate({ learningRate }) {
    theTrainer().setLearningRate(learningRate);
  },
  swapEma: () => theTrainer().swapEma(),
  checkpoint: () => theTrainer().checkpoint(),
  restore: ({ bytes }) => theTrainer().restore(bytes),
  async profile({ dataset, steps }) {
    const known = dataset === undefined ? undefined : theDataset(dataset);
    const {
      timing,
      steps: measured,
      peakGflops,
      kernels,
    } = await theTrainer().profile(known, steps === undefined ? {} : { steps });
    return { timing, steps: measured, peakGflops, kernels };
  },
  settled: () => theTrainer().settled(),
  pause: () => theTrainer().pause(),
  async resume() {
    theTrainer().resume();
  },
  async dispose() {
    for (const abort of aborts.values()) abort.abort();
    trainer?.dispose();
    backend?.dispose();
    datasets.clear();
    canvases.clear();
    trainer = undefined;
    backend = undefined;
  },
};

function signalOf(id: number): AbortSignal {
  const controller = new AbortController();
  aborts.set(id, controller);
  return controller.signal;
}

/** Collects the events of one turn, so that a bundle of steps is one message. */
function bundled(send: (steps: StepEvent[]) => void): (step: StepEvent) => void {
  let steps: StepEvent[] = [];
  return (step) => {
    if (steps.length === 0) {
      queueMicrotask(() => {
        const ready = steps;
        steps = [];
        send(ready);
      });
    }
    steps.push(step);
  };
}

function answer(event: Event): void {
  const request = (event as MessageEvent<Request>).data;
  if ("abort" in request) {
    aborts.get(request.abort)?.abort();
    return;
  }
  const { id, call, args } = request;
  const handle = handlers[call] as (args: unknown, id: number) => Promise<unknown>;
  handle(args, id)
    .then(
      (result) => post({ id, result, stats: trainer?.stats() }),
      (error: unknown) => post({ id, error: serializeError(error) }),
    )
    .finally(() => aborts.delete(id));
}

/** Makes this worker listen to the page. `openCpu` makes the CPU backend, when there is no WebGPU or nobody wants it. */
export function serve(openCpu: () => Promise<Backend>): void {
  cpuBackend = openCpu;
  globalThis.addEventListener("message", answer);
}
