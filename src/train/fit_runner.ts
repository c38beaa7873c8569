import { accuracyOf } from "./accuracy.ts";
import type { KeptState } from "./kept_state.ts";
import type { Recovery } from "./recovery.ts";
import type { DatasetProgram } from "./residency.ts";
import type { Runner } from "./runner.ts";
import { Asked } from "./trained_weights.ts";
import { countsByMetric } from "./training_state.ts";
import type { Turn } from "./turns.ts";

/** What a run of `fit` may do with its trainer: steps of a program on a data set, with labels or without. */
export function runnerOf(
  kept: KeptState,
  { program, stream }: DatasetProgram,
  {
    turn,
    evaluate,
    labelled,
    signal,
    recovery,
  }: {
    turn: Turn;
    evaluate: Runner["evaluate"];
    labelled: boolean;
    signal: AbortSignal | undefined;
    recovery: Recovery | undefined;
  },
): Runner {
  const { parts, progress } = kept;
  const { model, measures, state, record } = parts;
  return {
    turn,
    progress,
    record,
    recovery,
    data: stream?.suppliesOf(progress, { signal, turn }),
    async enqueue(steps, { ring = false, weights = false }) {
      const wanted = weights ? model.variables : [];
      const asked = new Asked(wanted);
      const submission = program.enqueue({ steps, read: [...(ring ? [state.ring] : []), ...wanted] });
      kept.submitted(steps);
      progress.cursor += steps;
      const tensors = await submission;
      const reports = ring ? tensors.shift() : undefined;
      if (weights) kept.remember(asked, tensors);
      return reports;
    },
    stands: () => kept.stands(),
    evaluate,
    accuracy: (totals) => accuracyOf(parts, totals, labelled),
    stepMetrics: (totals, counts) => measures.ofStep(totals, counts),
    async metrics(totals) {
      const tensors = state.counts.size === 0 ? [] : await kept.read([...state.counts.values()]);
      kept.clearCounts();
      return measures.ofSteps(totals, countsByMetric(state.counts, tensors));
    },
    learningRate: () => kept.learningRate,
  };
}
