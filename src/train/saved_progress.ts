import type { Progress } from "./progress.ts";
import type { PlateauState } from "./reduce_on_plateau.ts";
import { noTotals, type Totals } from "./step_record.ts";

/** The part of it that the device does not hold, as JSON. */
export function progressToJson({ totals, plateau }: Progress): object {
  return { totals, ...(plateau ? { plateau } : {}) };
}

function finite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * The same from a checkpoint, which may be of anybody: what is not as it should be counts as not there. `sums`: the metrics
 * that sum, of which there must be as many.
 */
export function progressFromJson(json: unknown, sums: number): Pick<Progress, "totals" | "plateau"> {
  const given = (typeof json === "object" && json !== null ? json : {}) as { totals?: unknown; plateau?: unknown };
  const totals = (given.totals ?? {}) as Partial<Record<keyof Totals, unknown>>;
  const { loss, correct, rows, sums: all } = totals;
  const usable = Array.isArray(all) && all.length === sums && [loss, correct, rows, ...all].every(finite);
  const plateau = (given.plateau ?? {}) as { options?: unknown; state?: Partial<Record<keyof PlateauState, unknown>> };
  const { best, waited, cooling } = plateau.state ?? {};
  const known =
    typeof plateau.options === "string" && [waited, cooling].every(finite) && (best === undefined || finite(best));
  return {
    totals: usable
      ? { loss: Number(loss), correct: Number(correct), rows: Number(rows), sums: all.map(Number) }
      : noTotals(sums),
    plateau: known
      ? {
          options: String(plateau.options),
          state: { best: finite(best) ? best : undefined, waited: Number(waited), cooling: Number(cooling) },
        }
      : undefined,
  };
}
