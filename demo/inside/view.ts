/** “Look inside”: a walk through the network that is being trained, on the digit that was drawn. */
import type { Inspection, InspectOptions, MapsDrawing, Model, Tensor } from "../../src/index.ts";
import { className } from "../classes.ts";
import { find, make, write } from "../dom.ts";
import { errorWords } from "../error_words.ts";
import { count, percent } from "../language.ts";
import { AnswerStep } from "./answer_step.ts";
import { ConvStep } from "./conv_step.ts";
import { DenseStep } from "./dense_step.ts";
import { FiltersStep } from "./filters_step.ts";
import { FlattenStep } from "./flatten_step.ts";
import { GlobalPoolStep } from "./global_pool_step.ts";
import type { KernelMemory } from "./kernel_memory.ts";
import { KernelsStep } from "./kernels_step.ts";
import { LiveMaps } from "./live_maps.ts";
import { LookedStep } from "./looked_step.ts";
import { featureMap } from "./maps.ts";
import { tell } from "./messages.ts";
import { PixelStep } from "./pixel_step.ts";
import { PointwiseStep } from "./pointwise_step.ts";
import { PoolStep } from "./pool_step.ts";
import type { Look, Step } from "./step.ts";
import { walkOf } from "./walk.ts";
import { WhyList, whysOf, whysOfPixels, whysOfStart } from "./whys.ts";

export interface InsideOptions {
  /** The network as it is now, on one image. */
  inspect(pixels: Float32Array, options: InspectOptions): Promise<Inspection | undefined>;
  predict(pixels: Float32Array): Promise<Float32Array | undefined>;
  /** The network's parameters as they are now, by name. */
  parameters(): Promise<ReadonlyMap<string, Tensor<Float32Array>> | undefined>;
  /** Draws layers for an image, as they are at this moment, into canvases that belong to `drawer()` from then on. */
  draw?(pixels: Float32Array, drawings: readonly MapsDrawing[], target: number | undefined): Promise<void>;
  /** Who draws now; undefined where drawing would only hold the training up. */
  drawer?(): unknown;
  /** Whether the network is learning at this moment. */
  training?(): boolean;
  model(): Model;
  /** Updates made so far. */
  steps(): number;
  /** Names the training that these are of. */
  run?(): string;
  /** What the training began with, by name, where that is known. */
  firstParameters?(): ReadonlyMap<string, Tensor<Float32Array>> | undefined;
}

/** Who wrote the page's steps last: the page has one place for them, and maybe two networks to look into. */
let writer: InsideView | undefined;

export class InsideView {
  readonly #options: InsideOptions;
  readonly #status = find("inside-status", HTMLElement);
  readonly #answer = find("inside-answer", HTMLElement);
  readonly #walk = find("walk", HTMLElement);
  readonly #contents = find("walk-contents", HTMLElement);
  readonly #kernels: KernelsStep;
  readonly #filters = new FiltersStep();
  #steps: Step[] = [];
  #whys: WhyList[] = [];
  #stepsOf: Model | undefined;
  #pixels: Float32Array | undefined;
  #target: number | undefined;
  #look: Look | undefined;
  #lookSteps = 0;
  #failure: unknown;
  #visible = false;
  readonly #live: LiveMaps;
  #asking = false;
  #askAgain = false;
  /** The steps about layers, by the layers' places in the model. */
  readonly #stepOf = new Map<number, HTMLElement>();
  /** The layer whose step is to be seen as soon as there is one. */
  #wantedLayer: number | undefined;

  constructor(options: InsideOptions, memory: KernelMemory) {
    this.#options = options;
    this.#kernels = new KernelsStep(memory);
    this.#live = new LiveMaps({
      wanted: () => this.#mayMove(),
      owner: () => options.drawer?.(),
      overlays: () => this.#steps.flatMap((step) => step.overlays?.() ?? []),
      draw: async (drawings) => {
        if (this.#pixels) await options.draw?.(this.#pixels, drawings, this.#target);
      },
    });
  }

  /** Whether maps may move with the training: not where nobody looks, nor where motion is not wanted. */
  #mayMove(): boolean {
    const { drawer, training } = this.#options;
    if (!this.#visible || this.#look === undefined || this.#look.model !== this.#options.model()) return false;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return false;
    return training?.() === true && drawer?.() !== undefined;
  }

  /** Only a view that is seen costs anything. */
  set visible(visible: boolean) {
    this.#visible = visible;
    if (visible) {
      this.render();
      this.refresh();
    } else this.#filters.leave();
  }

  /** Another drawing, or none. */
  set pixels(pixels: Float32Array | undefined) {
    this.#pixels = pixels;
    this.#target = undefined;
    for (const step of this.#steps) step.forget?.();
    if (pixels === undefined) this.#look = undefined;
    this.render();
    this.refresh();
  }

  /** Looks again, because the network has learned. */
  refresh(): void {
    if (this.#visible && this.#pixels) void this.#ask();
    this.#live.start();
  }

  /** Goes to the step about a layer of the model, now or as soon as there are steps. */
  lookAt(layer: number): void {
    this.#wantedLayer = layer;
    this.#goToWanted();
  }

  #goToWanted(): void {
    requestAnimationFrame(() => {
      const step = this.#visible && this.#look ? this.#stepOf.get(this.#wantedLayer ?? -1) : undefined;
      if (step === undefined) return;
      this.#wantedLayer = undefined;
      goToSection(step);
    });
  }

  /** There are kernels of one more moment. */
  renderKernels(): void {
    this.#kernels.render();
    // With the first moment it has a step.
    if (this.#look) this.#renderContents();
  }

  async #ask(): Promise<void> {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#asking = true;
    this.#walk.ariaBusy = "true";
    this.#renderStatus();
    try {
      do {
        this.#askAgain = false;
        const pixels = this.#pixels;
        if (pixels === undefined || !this.#visible) break;
        const model = this.#options.model();
        const steps = this.#options.steps();
        const inspection = await this.#options.inspect(pixels, {
          target: this.#target,
          parameterGradients: this.#steps.some((step) => step.wantsParameterGradients?.()),
        });
        if (inspection === undefined || this.#pixels !== pixels) {
          this.#askAgain ||= this.#pixels !== pixels;
          continue;
        }
        this.#look = { model, inspection };
        this.#lookSteps = steps;
        this.#failure = undefined;
        this.render();
      } while (this.#askAgain);
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#asking = false;
      this.#walk.ariaBusy = "false";
      this.#renderStatus();
    }
  }

  #renderStatus(): void {
    if (writer !== this && writer !== undefined) return;
    const text = tell();
    const words =
      this.#failure !== undefined
        ? text.inFailed(errorWords(this.#failure))
        : this.#pixels === undefined
          ? text.inNothing
          : this.#look === undefined
            ? text.inBusy
            : this.#lookSteps === 0
              ? text.inUntrained
              : text.inStepOf(count(this.#lookSteps));
    write(this.#status, words);
    const probabilities = this.#look?.inspection.probabilities.data ?? new Float32Array();
    const share = Math.max(0, ...probabilities);
    const digit = probabilities.indexOf(share);
    write(this.#answer, this.#look === undefined ? "" : text.inReads(className(digit), percent(share, 1)));
  }

  /** Writes everything, in the page's language, unless another network is looked into. */
  render(): void {
    if (writer !== this) {
      if (writer !== undefined && !this.#visible) return;
      writer = this;
      this.#stepsOf = undefined;
    }
    this.#renderStatus();
    const look = this.#look;
    this.#walk.hidden = look === undefined;
    this.#contents.hidden = look === undefined;
    if (look === undefined) {
      this.#filters.leave();
      return;
    }
    this.#filters.drawing = featureMap(look.inspection.input, 0);
    if (look.model !== this.#stepsOf) this.#makeSteps(look.model);
    for (const step of this.#steps) step.show(look);
    for (const whys of this.#whys) whys.render();
    this.#kernels.render();
    this.#filters.render();
    this.#renderContents();
    if (this.#wantedLayer !== undefined) this.#goToWanted();
  }

  #makeSteps(model: Model): void {
    this.#stepsOf = model;
    const walk = walkOf(model);
    const pixels = new PixelStep();
    const steps: Step[] = [pixels];
    for (const whys of this.#whys) whys.element.remove();
    this.#whys = [];
    this.#addWhys(pixels.element, whysOfPixels(model));
    this.#addWhys(this.#kernels.element, whysOfStart(model));
    const asking = {
      target: (digit: number) => {
        this.#target = digit;
        this.refresh();
      },
      again: () => this.refresh(),
    };
    this.#stepOf.clear();
    // Poolings show the map that was chosen at the convolution before them.
    let following: PoolStep[] = [];
    for (const { kind, index } of walk.steps) {
      switch (kind) {
        case "convolution": {
          const pools: PoolStep[] = [];
          following = pools;
          steps.push(
            new ConvStep(index, asking, (filter) => {
              for (const pool of pools) pool.choose(filter);
            }),
          );
          break;
        }
        case "pooling": {
          const pool = new PoolStep(index);
          following.push(pool);
          steps.push(pool);
          break;
        }
        case "globalPooling":
          steps.push(new GlobalPoolStep(index));
          break;
        case "flatten":
          steps.push(new FlattenStep(index));
          break;
        case "dense":
          steps.push(new DenseStep(index));
          break;
        case "pointwise":
          steps.push(new PointwiseStep(index));
      }
      const made = steps.at(-1);
      if (made === undefined) continue;
      this.#stepOf.set(index, made.element);
      this.#addWhys(made.element, whysOf(model, { kind, index }));
    }
    steps.push(new AnswerStep(walk.answer));
    steps.push(new LookedStep({ predict: this.#options.predict, ask: asking.target }));
    this.#steps = steps;
    // They lead to the steps that there were.
    this.#contents.replaceChildren();
    this.#walk.replaceChildren(...steps.map(({ element }) => element), this.#kernels.element, this.#filters.element);
  }

  #addWhys(step: HTMLElement, whys: ConstructorParameters<typeof WhyList>[0]): void {
    if (whys.length === 0) return;
    const list = new WhyList(whys);
    step.append(list.element);
    this.#whys.push(list);
  }

  /** The steps by name: each goes to its place. The address is the view's, so these are buttons. */
  #renderContents(): void {
    this.#contents.ariaLabel = tell().inContents;
    const sections = Array.from(this.#walk.children).filter(
      (element): element is HTMLElement => element instanceof HTMLElement && !element.hidden,
    );
    if (this.#contents.childElementCount !== sections.length) {
      this.#contents.replaceChildren(
        ...sections.map((section) => {
          const button = make("button");
          button.type = "button";
          button.addEventListener("click", () => goToSection(section));
          return button;
        }),
      );
    }
    sections.forEach((section, index) => {
      const button = this.#contents.children[index];
      if (button instanceof HTMLElement) write(button, section.querySelector("h2")?.textContent ?? "");
    });
  }
}

function goToSection(section: HTMLElement): void {
  section.scrollIntoView({ block: "start" });
  const title = section.querySelector("h2");
  title?.setAttribute("tabindex", "-1");
  title?.focus({ preventScroll: true });
}
