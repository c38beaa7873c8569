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

  /** Opens the view by `open`, and has it at the step about a layer of the model once there is one. */
  lookAt(layer: number, open: () => void): void {
    open();
    // The address changes the view a moment later.
    void this.#lazy
      .load()
      .then((view) => view.lookAt(layer))
      .catch(() => undefined);
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
    const { model, steps, run, firstParameters, parameters } = this.#options;
    const first = model().layers.find(({ layer }) => layer.config.kind === "conv2d");
    const name = `${first?.name}/kernel`;
    const [id, step] = [run?.() ?? "", steps()];
    // Whoever trains at once has taken steps before anything was measured: what was before those belongs to it too.
    this.#memory.begin(id, () => firstParameters?.()?.get(name));
    const kernel = first && (await parameters())?.get(name);
    // Another training may have begun meanwhile.
    if (kernel === undefined || id !== (run?.() ?? "")) return;
    this.#memory.remember(step, kernel);
    this.#lazy.part?.renderKernels();
  }
}
