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
