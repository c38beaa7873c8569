/**
 * The context of a canvas, asked for once. Firefox (seen in 153) gives the context of a canvas that was transferred to a
 * worker the first time only, and throws "Cannot update created context to different thread" from then on.
 */

/** A canvas of the page, or one without a page, as a worker has. */
export type AnyCanvas = HTMLCanvasElement | OffscreenCanvas;

interface Contexts {
  readonly "2d": CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  readonly webgpu: GPUCanvasContext;
}

/** What each canvas gave; one that gave a context of one kind has none of another for ever. */
const given = new WeakMap<AnyCanvas, Partial<Contexts>>();

/** The canvas' context of this kind; null where it has one of another kind, as `getContext` says it. */
export function contextOf<Kind extends keyof Contexts>(canvas: AnyCanvas, kind: Kind): Contexts[Kind] | null {
  const known = given.get(canvas);
  if (known) return known[kind] ?? null;
  const context = canvas.getContext(kind) as Contexts[Kind] | null;
  if (context !== null) given.set(canvas, { [kind]: context });
  return context;
}
