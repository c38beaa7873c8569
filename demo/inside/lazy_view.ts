import { find, write } from "../dom.ts";
import { say } from "../language.ts";
import { Lazy } from "../lazy.ts";
import { KernelMemory } from "./kernel_memory.ts";
import type { InsideOptions } from "./view.ts";

/**
 * “Look inside”, whose program is fetched when the view is first opened: nobody needs it before. What was set meanwhile is
 * passed on, and the kernels of the training are remembered from its beginning.
 */
export class LazyInsideView {
  readonly #options: InsideOptions;
  readonly #memory = new KernelMemory();
  #pixels: Float32Array | undefined;
  #visible = false;
  readonly #lazy = new Lazy(
    () => import("./view.ts"),
    ({ InsideView }) => {
      const view = new InsideView(this.#options, this.#memory);
      view.pixels = this.#pixels;
      view.visible = this.#visible;
      return view;
    },
    () => this.render(),
  );

  constructor(options: InsideOptions) {
    this.#options = options;
  }

  /** Opening it fetches it; after a failure the next opening tries again. */
  set visible(visible: boolean) {
    this.#visible = visible;
    const view = this.#lazy.part;
    if (view) view.visible = visible;
    else if (visible) this.#lazy.load().catch(() => undefined);
  }

  set pixels(pixels: Float32Array | undefined) {
    this.#pixels = pixels;
    const view = this.#lazy.part;
    if (view) view.pixels = pixels;
  }

  refresh(): void {
    this.#lazy.part?.refresh();
  }

  render(): void {
    this.#lazy.part?.render();
    if (this.#lazy.failed) write(find("inside-status", HTMLElement), say().insideNotLoaded);
  }

  /** Notes the kernels of this moment, whether the view is seen or not. */
  async remember(): Promise<void> {
    const first = this.#options.model().layers.find(({ layer }) => layer.config.kind === "conv2d");
    const steps = this.#options.steps();
    const kernel = first && (await this.#options.parameters())?.get(`${first.name}/kernel`);
    if (kernel === undefined) return;
    this.#memory.remember(steps, kernel);
    this.#lazy.part?.renderKernels();
  }
}
