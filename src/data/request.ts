import { CortezaError } from "../core/errors.ts";

/** Throws `CortezaError` with the code "network" where a server answered, but not with the file. */
export function checkAnswer(url: string, response: Response): void {
  if (response.ok) return;
  throw new CortezaError("network", `${url}: the server answered ${response.status} ${response.statusText}.`);
}

/**
 * The answer to a request for a file, its body yet to come. Throws `CortezaError` with the code "network" where there is none, and
 * the signal's reason when it aborts.
 */
export async function request(url: string, signal: AbortSignal | undefined): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
  } catch (cause) {
    signal?.throwIfAborted();
    throw new CortezaError(
      "network",
      `${url}: the server cannot be reached, or forbids reading from this page (CORS).`,
      {
        cause,
      },
    );
  }
  checkAnswer(url, response);
  return response;
}
