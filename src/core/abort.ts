/** What `wait` gives, or a rejection with the signal's reason as soon as that aborts; `wait` itself goes on. */
export function raceAbort<T>(wait: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return wait;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    void wait.then(resolve, reject).then(() => signal.removeEventListener("abort", abort));
  });
}

/**
 * Aborts `controller` when `signal` aborts, with its reason; what it returns lets go of the signal. In place of
 * `AbortSignal.any`, which Safari has since 17.4 only.
 */
export function abortWith(controller: AbortController, signal: AbortSignal | undefined): () => void {
  if (signal === undefined) return () => undefined;
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}
