/** Hands the network of the visitor's pictures to the page's view “Look inside”. */
import { LazyInsideView } from "../inside/lazy_view.ts";
import type { Learner } from "./learner.ts";

export class InsideBridge {
  readonly #learner: Learner;
  readonly #bytes: () => Uint8Array | undefined;
  #view: LazyInsideView | undefined;
  #visible = false;
  #shown: Uint8Array | undefined;

  /** `bytes`: the picture to look at. */
  constructor(learner: Learner, bytes: () => Uint8Array | undefined) {
    this.#learner = learner;
    this.#bytes = bytes;
  }

  set visible(visible: boolean) {
    this.#visible = visible;
    const view = visible ? this.#made() : this.#view;
    if (view === undefined) return;
    // A view in sight asks for what it shows.
    if (visible) this.look();
    view.visible = visible;
  }

  /** There is another picture to look at. */
  look(): void {
    const bytes = this.#bytes();
    if (bytes === this.#shown || this.#view === undefined || !this.#visible) return;
    this.#shown = bytes;
    this.#view.pixels = bytes && Float32Array.from(bytes, (byte) => byte / 255);
  }

  /** The network has learned: its kernels are noted, whether they are seen or not. */
  refresh(): void {
    const view = this.#made();
    view?.remember().catch(() => undefined);
    if (this.#visible) view?.refresh();
  }

  #made(): LazyInsideView | undefined {
    const learner = this.#learner;
    if (learner.model === undefined) return undefined;
    this.#view ??= new LazyInsideView({
      inspect: (pixels, options) => learner.inspect(pixels, options),
      predict: (pixels) => learner.predict(pixels),
      parameters: () => learner.parameters(),
      model: () => learner.model ?? never(),
      steps: () => learner.steps,
      training: () => learner.phase.value === "training",
      run: () => learner.run.id,
      firstParameters: () => learner.firstKernels,
    });
    return this.#view;
  }
}

function never(): never {
  throw new Error("The view is made once there is a network.");
}
