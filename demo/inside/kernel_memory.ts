import type { Values } from "./maps.ts";

export interface Moment {
  readonly step: number;
  readonly kernel: Values;
}

/** More moments than this are thinned out: every other one goes. */
const MOST_MOMENTS = 64;

/** The first convolution's kernels at moments of one training, in the order of their steps. */
export class KernelMemory {
  #moments: readonly Moment[] = [];
  #run = "";

  get moments(): readonly Moment[] {
    return this.#moments;
  }

  /** Begins to remember another training, with the kernels before its first step where they are known; the same goes on. */
  begin(run: string, first: () => Values | undefined): void {
    if (run === this.#run) return;
    this.#run = run;
    const kernel = first();
    this.#moments = kernel === undefined ? [] : [{ step: 0, kernel }];
  }

  /** Going back to an earlier step forgets what came after it; kernels of another shape are of another network. */
  remember(step: number, kernel: Values): void {
    const shape = this.#moments[0]?.kernel.shape.join();
    const same = shape === undefined || shape === kernel.shape.join();
    const moments = [...(same ? this.#moments.filter((moment) => moment.step < step) : []), { step, kernel }];
    this.#moments =
      moments.length <= MOST_MOMENTS
        ? moments
        : moments.filter((_, index) => index % 2 === 0 || index === moments.length - 1);
  }
}
