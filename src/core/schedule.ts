/**
 * A stretch of a learning-rate schedule, from step `start` until the next segment starts; the last one goes on for
 * good. Within it, u = (step − start) / steps.
 *
 * - `polynomial`: to + (from − to) · (1 − u)^power, u held at 1
 * - `cosine`: to + (from − to) · (1 + cos πu) / 2, u held at 1
 * - `exponential`: from · factor^u, with `staircase` factor^⌊u⌋
 * - `restarts`: cosine again and again; a round is `stretch` times as long as the one before and starts at `shrink`
 *   times its height
 * - `cyclic`: up to `to` within `steps` and back to `from` within `down`, along a straight line or half a cosine, again
 *   and again; each round climbs `shrink` times as high as the one before
 * - `inverse`: from / (1 + factor · u), with `staircase` ⌊u⌋ in u's place
 */
export type Segment = { readonly start: number; readonly steps: number; readonly from: number } & (
  | { readonly kind: "polynomial"; readonly to: number; readonly power: number }
  | { readonly kind: "cosine"; readonly to: number }
  | { readonly kind: "exponential"; readonly factor: number; readonly staircase: boolean }
  | { readonly kind: "restarts"; readonly to: number; readonly stretch: number; readonly shrink: number }
  | {
      readonly kind: "cyclic";
      readonly to: number;
      readonly down: number;
      readonly shrink: number;
      readonly cosine: boolean;
    }
  | { readonly kind: "inverse"; readonly factor: number; readonly staircase: boolean }
);

/** A learning rate that depends on the number of finished steps: plain data, made by `cosineDecay()` and its kin. */
export interface Schedule {
  /** In the order of their starts; the first starts at 0. */
  readonly segments: readonly Segment[];
  /** The same of the optimizer's momentum or β₁, where the schedule moves it too (`oneCycle`). */
  readonly momentum?: readonly Segment[];
}

/** The table that the device reads: a row a segment, f32. Rows after the last are copies of it. */
export const SCHEDULE_ROWS = 16;
/** start, steps, kind, from, then `to` or `factor`, then `power`, `staircase`, `stretch` or `down`, then `shrink`, `cosine`. */
export const SCHEDULE_COLUMNS = 8;

/** The segments' kinds, as the table numbers them. */
export const SCHEDULE_KINDS = ["polynomial", "cosine", "exponential", "restarts", "cyclic", "inverse"] as const;

/** Each round of restarts is as long as the one before, or at least by this longer: a device finds a step's round one by one. */
export const LEAST_STRETCH = 1.01;

/** The table of a rate that stays what it is: as of the one segment { kind: "polynomial", start: 0, steps: 1, from, to, power: 1 }. */
export function constantTable(rate: number): number[] {
  const row = [0, 1, SCHEDULE_KINDS.indexOf("polynomial"), rate, rate, 1, 0, 0];
  return Array.from({ length: SCHEDULE_ROWS }, () => row).flat();
}

/** The rate of such a table; undefined of another one. */
export function constantRate(table: ArrayLike<number>): number | undefined {
  // Rows behind the last are copies of it.
  const [start, , kind, from, to] = Array.from(table).slice((SCHEDULE_ROWS - 1) * SCHEDULE_COLUMNS);
  return start === 0 && kind === SCHEDULE_KINDS.indexOf("polynomial") && from === to ? from : undefined;
}
