/** A network of a file is tried before anything of the page's own is given up for it. */
import type { Trainer } from "../src/index.ts";
import { CLASSES } from "./digits.ts";
import type { NetworkFile } from "./network_file.ts";
import type { Run } from "./run.ts";
import {
  type BackendKind,
  buildNetwork,
  complete,
  IMAGE,
  type OpenTrainer,
  optimizerOf,
  type Setup,
  sameLayers,
} from "./setup.ts";
import { analyse, decodeRows } from "./train/design.ts";

/** A network of a file on a trainer of its own, which works: `Session.adopt` puts it in the place of the one at hand. */
export interface TriedOut {
  readonly file: NetworkFile;
  readonly trainer: Trainer;
  /** Its first weights. */
  readonly initial: Uint8Array;
  readonly run: Run;
  /** What the settings ask for then; undefined where it is none of this page's networks. */
  readonly setup: Setup | undefined;
}

/** What the page has, in which the network is to take its place. */
export interface AtHand {
  readonly openTrainer: OpenTrainer;
  readonly backend: BackendKind;
  readonly learningRate: number;
  readonly setup: Setup;
}

/**
 * Makes a trainer for a network that was saved and restores it there, with its curves. Whatever can fail fails here: then this
 * throws what that threw, and nothing is left of it.
 */
export async function tryOut(file: NetworkFile, run: Run, atHand: AtHand): Promise<TriedOut> {
  const { model, rule, batchSize, seed, learningRate = atHand.learningRate } = file;
  const setup = setupFor(file, run, atHand);
  const settings = { model, optimizer: { rule, learningRate }, batchSize, seed };
  const trainer = await atHand.openTrainer(settings, atHand.backend);
  try {
    const initial = await trainer.checkpoint();
    if (file.checkpoint) await trainer.restore(file.checkpoint);
    trainer.setLearningRate(learningRate);
    return { file: { ...file, learningRate }, trainer, initial, run, setup };
  } catch (error) {
    trainer.dispose();
    throw error;
  }
}

/**
 * What the settings ask for with the network that was opened, where it is one of this page's: it can be edited then.
 * Undefined where its layers or its optimizer are others than can be chosen here.
 */
function setupFor({ model, rule, batchSize, seed }: NetworkFile, run: Run, { setup, backend }: AtHand) {
  const kept = run.settings?.network;
  const network = (kept === undefined ? undefined : decodeRows(kept)) ?? complete(setup, backend).network;
  const optimizer = optimizerOf(rule);
  if (optimizer === undefined || analyse(network, IMAGE, CLASSES).problem) return undefined;
  return sameLayers(buildNetwork(network, seed), model) ? { network, optimizer, batchSize, seed } : undefined;
}
