import { find, write } from "../dom.ts";
import { say } from "../language.ts";
import { KernelMemory } from "./kernel_memory.ts";
import type { InsideOptions, InsideView } from "./view.ts";

/**
 * “Look inside”, whose program is fetched when the view is first opened: nobody needs it before. What was set meanwhile is
 * passed on, and the kernels of the training are remembered from its beginning.
 */
export class LazyInsideView {
  readonly #options: InsideOptions;
  readonly #memory = new KernelMemory();
  #view: InsideView | undefined;
  #loading = false;
  #pixels: Float32Array | undefined;
  #visible = false;
  #failed = false;

  constructor(options: InsideOptions) {
    this.#options = options;
  }

  set visible(visible: boolean) {
    this.#visible = visible;
    if (this.#view) this.#view.visible = visible;
    else if (visible) void this.#load();
  }

  set pixels(pixels: Float32Array | undefined) {
    this.#pixels = pixels;
    if (this.#view) this.#view.pixels = pixels;
  }

  refresh(): void {
    this.#view?.refresh();
  }

  render(): void {
    this.#view?.render();
    if (this.#failed) write(find("inside-status", HTMLElement), say().insideNotLoaded);
  }

  /** Notes the kernels of this moment, whether the view is seen or not. */
  async remember(): Promise<void> {
    const first = this.#options.model().layers.find(({ layer }) => layer.config.kind === "conv2d");
    const steps = this.#options.steps();
    const kernel = first && (await this.#options.parameters())?.get(`${first.name}/kernel`);
    if (kernel === undefined) return;
    this.#memory.remember(steps, kernel);
    this.#view?.renderKernels();
  }

  /** Once; after a failure, such as a lost connection, the next opening tries again. */
  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    this.#failed = false;
    try {
      const { InsideView } = await import("./view.ts");
      this.#view = new InsideView(this.#options, this.#memory);
      this.#view.pixels = this.#pixels;
      this.#view.visible = this.#visible;
    } catch {
      this.#failed = true;
    } finally {
      this.#loading = this.#view !== undefined;
      this.render();
    }
  }
}
