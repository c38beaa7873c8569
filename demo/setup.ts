/** What a training is of: the network, how its weights move, the batches. */

import type { PassedOver } from "../src/best_backend.ts";
import type { AffineRanges } from "../src/core/affine.ts";
import { WebGpuUnavailableError } from "../src/core/errors.ts";
import { WasmUnavailableError } from "../src/core/wasm_unavailable.ts";
import type { Model } from "../src/nn/model.ts";
import { adam, type Optimizer, sgd } from "../src/nn/optimizers.ts";
import type { Recovered, Trainer } from "../src/train/types.ts";
import type { BackendChoice } from "../src/worker/protocol.ts";
import { buildDesign, preset, type Row } from "./train/design.ts";

export type BackendKind = "webgpu" | "wasm" | "cpu";

/**
 * What the address asks for with ?force=: the CPU backend; the page as a browser without WebGPU shows it; or WebGPU, though it
 * may run on the processor here.
 */
export type Force = "cpu" | "nowebgpu" | "webgpu" | undefined;

/** Random copies instead of the digits themselves: people draw larger slants and turns than 2,000 digits show. */
export const AUGMENT: AffineRanges = { shift: 2, rotate: 12, zoom: 0.1, shear: 10 };
export const LOSS = "sparseCategoricalCrossentropy";

const SEED = 1;
export const IMAGE = [28, 28, 1] as const;

/** The optimizers to choose from, with the learning rate that each is used with as a rule (Keras' defaults). */
export const OPTIMIZERS = {
  adam: { rule: adam().rule, learningRate: 0.001 },
  momentum: { rule: sgd({ momentum: 0.9 }).rule, learningRate: 0.01 },
  sgd: { rule: sgd().rule, learningRate: 0.01 },
} as const satisfies Record<string, { rule: Optimizer["rule"]; learningRate: number }>;
export type OptimizerName = keyof typeof OPTIMIZERS;

/** The page's name of a rule; undefined for what it does not offer. */
export function optimizerOf(rule: Optimizer["rule"]): OptimizerName | undefined {
  const names = Object.keys(OPTIMIZERS) as OptimizerName[];
  return names.find((name) => canonical(OPTIMIZERS[name].rule) === canonical(rule));
}

/** Whether two networks have the same layers, by the same names, and first weights from the same seed. */
export function sameLayers(a: Model, b: Model): boolean {
  return canonical(a.toJSON()) === canonical(b.toJSON());
}

/** Plain data as a text that does not depend on the order of its fields. */
function canonical(value: object): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** What is trained where nobody chose: the reference network; on the CPU backend, some ten times slower, a quarter of it. */
const USUAL = {
  webgpu: { network: preset("reference"), batchSize: 32 },
  wasm: { network: preset("reference"), batchSize: 32 },
  cpu: { network: preset("tiny"), batchSize: 16 },
} as const;

/** What is left out is as usual on this device. */
export interface Setup {
  /** Rows that fit together. */
  readonly network?: readonly Row[] | undefined;
  readonly optimizer?: OptimizerName | undefined;
  readonly batchSize?: number | undefined;
  /** Fixes the first weights and the order of the digits. */
  readonly seed?: number | undefined;
}

/** A setup with nothing left out. */
export function complete(
  setup: Setup,
  backend: BackendKind,
): { readonly [Key in keyof Setup]-?: NonNullable<Setup[Key]> } {
  const usual = USUAL[backend];
  const { network = usual.network, optimizer = "adam", batchSize = usual.batchSize, seed = SEED } = setup;
  return { network, optimizer, batchSize, seed };
}

/** The untrained network. */
export function buildNetwork(rows: readonly Row[], seed: number): Model {
  return buildDesign(rows, IMAGE, seed);
}

export interface TrainerSetup {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  readonly seed: number;
  /** Called when its training goes on after a lost device, on this backend. */
  onRecovered?(recovered: Recovered): void;
}

/** A trainer; one that chose its backend itself says what it took, and why. */
export interface OpenedTrainer extends Trainer {
  readonly backendKind?: BackendKind;
  readonly passedOver?: readonly PassedOver[];
}

/** Makes a trainer. Throws what `createTrainer` and `webgpu` throw. */
export type OpenTrainer = (setup: TrainerSetup, backend: BackendChoice) => Promise<OpenedTrainer>;

export interface Opened {
  readonly trainer: Trainer;
  readonly backendKind: BackendKind;
  /** What would be faster, and is not to be had here. */
  readonly passedOver: readonly PassedOver[];
}

/**
 * Has `open` make a trainer on the best backend here, or on what the address asks for. The CPU backend gets a network of its own:
 * the first one goes.
 */
export async function openBest(
  force: Force,
  open: (backend: BackendChoice) => Promise<OpenedTrainer>,
): Promise<Opened> {
  if (force === "nowebgpu") return withoutWebGpu(open);
  const choice = force ?? "auto";
  const trainer = await open(choice);
  const { backendKind = choice === "auto" ? "webgpu" : choice, passedOver = [] } = trainer;
  if (backendKind !== "cpu" || choice === "cpu") return { trainer, backendKind, passedOver };
  trainer.dispose();
  return { trainer: await open("cpu"), backendKind, passedOver };
}

async function withoutWebGpu(open: (backend: BackendChoice) => Promise<OpenedTrainer>): Promise<Opened> {
  const wanted = new WebGpuUnavailableError("no-api", "The address asks for a page without WebGPU (?force=nowebgpu).");
  try {
    return { trainer: await open("wasm"), backendKind: "wasm", passedOver: [wanted] };
  } catch (error) {
    if (!(error instanceof WasmUnavailableError)) throw error;
    return { trainer: await open("cpu"), backendKind: "cpu", passedOver: [wanted, error] };
  }
}
