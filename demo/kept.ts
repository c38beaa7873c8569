/** What this browser keeps for the page, found out by trying it. */
import { courtesy } from "./courtesy.ts";
import { store } from "./language.ts";
import { tryDatabase } from "./storage.ts";

export interface Kept {
  /** Trainings, taught drawings, curves, pictures of one's own. */
  readonly database: boolean;
  /** Changed labels, and choices such as the language. */
  readonly texts: boolean;
}

let known: Kept = { database: true, texts: true };

/** What is known so far: that everything is kept, until something proves not to be. */
export function kept(): Kept {
  return known;
}

/** Finds out what is kept; true where that is not everything. */
export async function tryKeeping(): Promise<boolean> {
  const database = (await courtesy(tryDatabase)) ?? false;
  known = { database, texts: store("corteza.kept", "yes") };
  return !known.database || !known.texts;
}
