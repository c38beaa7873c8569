import { EarlyStop } from "./early_stopping.ts";
import type { Progress } from "./progress.ts";
import { Plateau } from "./reduce_on_plateau.ts";
import type { FitOptions } from "./types.ts";

/** What looks at each epoch of a `fit`. */
export interface Followers {
  readonly earlyStop?: EarlyStop | undefined;
  readonly plateau?: { readonly options: string; readonly follows: Plateau } | undefined;
}

/** What these options want to look at each epoch. Throws `ArgumentError` where they are wrong. */
export function followersOf(options: FitOptions, progress: Progress): Followers {
  return {
    earlyStop: options.earlyStopping && new EarlyStop(options.earlyStopping),
    plateau: plateauOf(options, progress),
  };
}

/** Goes on where an earlier run with the same options left, in this trainer or in the one whose checkpoint it restored. */
function plateauOf({ reduceOnPlateau }: FitOptions, { plateau }: Progress) {
  if (reduceOnPlateau === undefined) return undefined;
  const options = JSON.stringify(reduceOnPlateau);
  const state = plateau?.options === options ? plateau.state : {};
  return { options, follows: new Plateau(reduceOnPlateau, state) };
}
