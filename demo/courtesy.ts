/**
 * What a browser may forbid. With storage blocked, in a private window, in a frame of another site, the very names
 * (`indexedDB`, `localStorage`, `navigator.storage`, `navigator.serviceWorker`) may be missing or throw when they are read,
 * their calls may throw at once or reject later.
 */

/** What `attempt` gives; undefined where it throws, at once or later. */
export async function courtesy<T>(attempt: () => T | PromiseLike<T>): Promise<T | undefined> {
  try {
    return await attempt();
  } catch {
    return undefined;
  }
}
