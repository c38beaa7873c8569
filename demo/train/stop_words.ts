/** Why a training ended, in the page's language. */

import type { Stopped } from "../course.ts";
import { count, percent, say, significant } from "../language.ts";
import type { StopReason } from "./stopping.ts";

export function stopWords({ kind, value }: StopReason): string {
  const text = say();
  switch (kind) {
    case "accuracy":
      return text.stoppedAccuracy(percent(value, value * 100 === Math.round(value * 100) ? 0 : 1));
    case "patience":
      return text.stoppedPatience(value, count(value));
    case "minutes":
      return text.stoppedMinutes(value, significant(value, 3));
    case "steps":
      return text.stoppedSteps(value, count(value));
  }
}

/** The same with what became of the weights. */
export function stoppedWords({ why, best }: Stopped): string {
  return best === undefined ? stopWords(why) : `${stopWords(why)} ${say().stoppedBest(count(best))}`;
}
