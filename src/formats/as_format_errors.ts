import { CortezaError, FormatError, InternalError } from "../core/errors.ts";

/** Errors of layers and ops as errors of the file that asked for them; `what` says where in it. */
export function asFormatErrors<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof CortezaError) || cause instanceof FormatError || cause instanceof InternalError) throw cause;
    throw new FormatError(`${what}: ${cause.message}`, { cause });
  }
}
