import { ArgumentError } from "../core/errors.ts";
import type { EpochEvent } from "./types.ts";

/** Which way a monitored value becomes better. */
export type MonitorMode = "min" | "max";

/** Less is better for names with "loss" or "error", else more. */
export function defaultMode(monitor: string): MonitorMode {
  return /loss|error/i.test(monitor) ? "min" : "max";
}

const known = (values: Readonly<Record<string, number | undefined>>): [string, number][] =>
  Object.entries(values).flatMap(([name, value]): [string, number][] => (value === undefined ? [] : [[name, value]]));

/** The monitored values of an epoch by their names. */
function valuesOf(event: EpochEvent): Map<string, number> {
  const { loss, accuracy, validationLoss, validationAccuracy, validationMetrics = {} } = event;
  return new Map([
    ...known({ ...event.metrics, loss, accuracy }),
    ...known({ ...validationMetrics, loss: validationLoss, accuracy: validationAccuracy }).map(
      ([name, value]): [string, number] => [`val_${name}`, value],
    ),
  ]);
}

/**
 * The value that `monitor` names: "loss", "accuracy" or a metric's name; of the validation data with "val_" or
 * "validation" before it. Throws `ArgumentError` when the epoch has no such value; `what` asks.
 */
export function monitored(what: string, monitor: string, event: EpochEvent): number {
  const values = valuesOf(event);
  const rest = /^validation(.+)$/.exec(monitor)?.[1];
  const name = rest === undefined ? monitor : `val_${rest.charAt(0).toLowerCase()}${rest.slice(1)}`;
  const value = values.get(name);
  if (value === undefined) {
    const fix = name.startsWith("val_") ? "give fit validationData" : "name a metric of the trainer";
    throw new ArgumentError(`${what}: there is no "${monitor}"; ${fix}. Known here: ${[...values.keys()].join(", ")}.`);
  }
  return value;
}
