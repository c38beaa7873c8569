import { DivergedError } from "../core/errors.ts";
import type { Model } from "../nn/model.ts";

/** The layer that a variable of this name belongs to. */
export function layerOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/"));
}

/**
 * Throws `DivergedError` where a moving statistic holds a number that is not finite before a step. Training does not read these,
 * so that no step would tell; and none makes one: a step counts only with finite batch statistics (`guardsOfStatistics`), and
 * a moving one becomes a mean of two finite numbers.
 */
export function checkStatistics({ variables, arena }: Model, step: number): void {
  // What has moved is on the device, and was checked before it moved.
  const known = variables.filter((variable) => variable.arena !== arena && !variable.hasMoved);
  const spoilt = known.find(({ initial }) => initial?.every(Number.isFinite) === false);
  if (spoilt === undefined) return;
  const message = `"${spoilt.name}" holds a number that is not finite; set it anew with model.setParameters().`;
  throw new DivergedError(message, step, { layer: layerOf(spoilt.name), parameter: spoilt.name });
}
