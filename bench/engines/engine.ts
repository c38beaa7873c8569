import type { ProfileData } from "../../src/graph/profile.ts";
import type { Job } from "../jobs.ts";

/** A contestant: us or a peer, started and ready to take jobs. */
export interface Engine {
  readonly description: string;
  /** Builds what the job needs, with the weights of `jobs.ts`; `undefined` for a job that the engine cannot do. */
  open(job: Job): Promise<Work | undefined>;
  /** What the engine itself says that it holds on the GPU. */
  reportedBytes?(): number;
}

/** One job, ready to be done again and again. */
export interface Work {
  /**
   * Does the job `times` times and resolves when the device has finished all of it. A training job ends by reading the
   * last step's loss back, an inference each time by reading its probabilities.
   */
  run(times: number): Promise<void>;
  /** What came out last: the loss before the last step's update, the probabilities, or a sample of the product. */
  values(): Promise<readonly number[]>;
  /** Ours only: resolves when no better kernel is being compiled in the background. */
  settled?(): Promise<void>;
  /** Ours only: bytes that the plan asked for, data set and staging apart, and bytes of the data set. */
  readonly planned?: { readonly bytes: number; readonly dataset: number };
  /**
   * Ours only: every step in a submission of its own, each waited for, where `run` puts all into one. Gives the
   * milliseconds from calling `enqueue` to getting its promise: encoding and submitting, without any wait.
   */
  runSingly?(times: number): Promise<number[]>;
  /** Ours only: a table of where the time of a step goes. */
  profile?(): Promise<string>;
  /** Ours only: the same as numbers. */
  profileData?(): Promise<ProfileData>;
  dispose(): void;
}

/** At most 64 values spread over `data`: enough to see that two products are the same. */
export function sampleOf(data: ArrayLike<number>): number[] {
  const stride = Math.max(1, Math.floor(data.length / 64));
  return Array.from({ length: Math.min(64, data.length) }, (_, index) => data[index * stride] ?? Number.NaN);
}
