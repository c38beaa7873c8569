/**
 * Maps that move with the training. Over the pictures of a step lie canvases that the trainer's worker draws into, from
 * where the values are, as often as the display and the device allow; the numbers beside them follow a little later.
 */
import type { MapsDrawing } from "../../src/index.ts";
import { make } from "../dom.ts";

/** What lies over a picture, and where. */
export interface Overlay {
  /** The picture's element, positioned; a canvas is laid over it. */
  readonly host: HTMLElement;
  readonly drawing: Omit<MapsDrawing, "canvas">;
}

interface LiveOptions {
  /** Whether maps may move now. */
  wanted(): boolean;
  /** The pictures on the screen. */
  overlays(): readonly Overlay[];
  draw(drawings: readonly MapsDrawing[]): Promise<void>;
  /** Who draws: a canvas belongs to one worker for ever. */
  owner(): unknown;
}

export class LiveMaps {
  readonly #options: LiveOptions;
  readonly #canvases = new Map<HTMLElement, HTMLCanvasElement>();
  #owner: unknown;
  #running: Promise<void> | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Begins, unless it is under way; ends by itself when maps are to rest, or drawing fails. */
  start(): void {
    if (this.#running || !this.#options.wanted()) return;
    this.#running = this.#run()
      // The page's other calls meet the same failure and tell the visitor.
      .catch(() => undefined)
      .finally(() => {
        this.#running = undefined;
        this.#keep([]);
      });
  }

  async #run(): Promise<void> {
    const { wanted, overlays, draw, owner } = this.#options;
    while (wanted()) {
      await nextFrame();
      if (owner() !== this.#owner) this.#clear();
      this.#owner = owner();
      const shown = overlays();
      this.#keep(shown);
      if (shown.length === 0) continue;
      const began = performance.now();
      await draw(shown.map(({ host, drawing }) => ({ ...drawing, canvas: this.#canvasOver(host) })));
      for (const { host } of shown) this.#canvasOver(host).hidden = false;
      // A drawing waits for the training's steps in flight; as long again belongs to the training alone.
      await new Promise((resolve) => setTimeout(resolve, performance.now() - began));
    }
  }

  #canvasOver(host: HTMLElement): HTMLCanvasElement {
    let canvas = this.#canvases.get(host);
    if (canvas === undefined) {
      canvas = make("canvas", { className: "live" });
      canvas.ariaHidden = "true";
      // Not before something is drawn in it.
      canvas.hidden = true;
      host.append(canvas);
      this.#canvases.set(host, canvas);
    }
    return canvas;
  }

  /** Hides what is not drawn any more, and would stand still. */
  #keep(shown: readonly Overlay[]): void {
    for (const [host, canvas] of this.#canvases) {
      if (!shown.some((overlay) => overlay.host === host)) canvas.hidden = true;
    }
  }

  #clear(): void {
    for (const canvas of this.#canvases.values()) canvas.remove();
    this.#canvases.clear();
  }
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => resolve()));
}

/** Whether some of an element is on the screen. */
export function isOnScreen(element: HTMLElement): boolean {
  const { top, bottom, width } = element.getBoundingClientRect();
  return width > 0 && bottom > 0 && top < innerHeight;
}
