import { ModuleLoadError } from "./errors.ts";

/**
 * A module that is fetched when it is first needed: `await onDemand("profiler", () => import("./profiler.ts"))`. Throws
 * `ModuleLoadError` where it does not come.
 */
export async function onDemand<T>(what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new ModuleLoadError(
      `Fetching the ${what} of Corteza failed (${String(cause)}). Check the connection, and ` +
        "reload the page: its files may have been replaced by newer ones.",
      { cause },
    );
  }
}
