/**
 * The calls of a trainer that a worker does, and how each of their arguments goes there. Page and worker both work by this
 * table, and the compiler holds it against `Trainer`: no method, and no argument of one, can exist on one side only.
 *
 * What goes for all of them is not in it. Parameters that the page has set go with every call, and are set before it is
 * done; data sets and canvases go with the first call that names them; the signal and the listeners among the options stay
 * on the page, and the worker gets others that answer there.
 */
import { Profile, type ProfileData } from "../graph/profile.ts";
import type { Trainer } from "../train/types.ts";

/**
 * How an argument is sent.
 * - "value": as it is; it must be plain data.
 * - "dataset": once; afterwards by its number. "trainedDataset": the same, and it stays there while the call goes on.
 *   "releasedDataset": the worker forgets it.
 * - "options": without signal, listeners and data sets, which the worker puts in again.
 * - "fitOptions": the same, with a signal and a listener of the worker's where the page gave none.
 * - "drawings": their canvases once, afterwards by numbers.
 */
export type Treatment =
  | "value"
  | "dataset"
  | "trainedDataset"
  | "releasedDataset"
  | "options"
  | "fitOptions"
  | "drawings";

type OfEach<List extends readonly unknown[]> = { readonly [Place in keyof List]: Treatment };
/** One treatment for each parameter of a method, optional ones too. */
type Treatments<Parameters extends readonly unknown[]> = OfEach<Required<Parameters>>;

/** Methods that the page answers itself. */
type OfThePage = "stats" | "paused" | "dispose";

export type CallName = Exclude<keyof Trainer, OfThePage>;

export const CALLS = {
  fit: ["trainedDataset", "fitOptions"],
  prepare: ["dataset", "options"],
  evaluate: ["dataset", "options"],
  release: ["releasedDataset"],
  profile: ["dataset", "options"],
  inspect: ["value", "options"],
  draw: ["value", "drawings", "options"],
  predict: ["value"],
  trainOnBatch: ["value", "value"],
  pause: [],
  resume: [],
  settled: [],
  setLearningRate: ["value"],
  swapEma: [],
  checkpoint: [],
  restore: ["value", "options"],
  syncModel: [],
} as const satisfies { readonly [Name in CallName]: Treatments<Parameters<Trainer[Name]>> };

/** Answers that lose their class on the way, and how they get it back. */
const REVIVED: { readonly [Name in CallName]?: (answer: never) => unknown } = {
  profile: (answer: ProfileData) => new Profile(answer),
};

/** The answer of a call as the trainer gave it. */
export function revived(name: CallName, answer: unknown): unknown {
  const revive = REVIVED[name];
  return revive ? revive(answer as never) : answer;
}

/** Whether a word from the other side is a call. */
export function isCallName(name: string): name is CallName {
  return Object.hasOwn(CALLS, name);
}
