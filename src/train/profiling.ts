import { at } from "../core/at.ts";
import type { Dataset } from "../data/dataset.ts";
import { Profile } from "../graph/profile.ts";
import type { CompiledPrograms } from "./compiled_programs.ts";
import { fetchingOptions } from "./fetching.ts";
import type { KeptState } from "./kept_state.ts";
import { variablesOf } from "./training_state.ts";

/** Measures steps on a data set, and puts back what they moved while `isWanted` says that somebody needs it. */
export async function profileOf(
  kept: KeptState,
  programs: CompiledPrograms,
  dataset: Dataset,
  { steps, isWanted }: { steps: number; isWanted: () => boolean },
): Promise<Profile> {
  const known = programs.training?.dataset === dataset ? programs.training : undefined;
  const { program, stream } = known ?? (await programs.once(kept.parts, dataset, await fetchingOptions(kept, {})));
  try {
    await stream?.supply({ first: kept.progress.cursor, most: steps, left: steps });
    return await puttingBack(kept, async () => new Profile(await program.profile({ steps })), isWanted);
  } finally {
    if (known === undefined) program.dispose();
  }
}

async function puttingBack<T>(kept: KeptState, work: () => Promise<T>, isWanted: () => boolean): Promise<T> {
  const { schedule } = kept.parts.state;
  const variables = variablesOf(kept.parts).filter((variable) => variable !== schedule);
  const versions = variables.map((variable) => variable.version);
  const before = await kept.read(variables);
  try {
    return await work();
  } finally {
    if (isWanted()) {
      variables.forEach((variable, index) => {
        // What `setParameters` set meanwhile stays.
        if (variable.version === versions[index]) kept.write([variable], [at(before, index)]);
      });
    }
  }
}
