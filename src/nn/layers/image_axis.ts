import { normalizeAxes } from "../../core/axes.ts";
import { ShapeError } from "../../core/errors.ts";

/** An axis of Keras, which counts the batch as axis 0, as an axis of one image's shape. Throws for the batch itself. */
export function imageAxis(what: string, axis: number, rank: number): number {
  const [found] = normalizeAxes(what, axis, rank + 1);
  if (found === undefined || found === 0) {
    throw new ShapeError(`${what}: axis ${axis} is the batch; axes of an image are 1 to ${rank}, or −1 from the end.`);
  }
  return found - 1;
}
