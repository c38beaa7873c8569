import { DisposedError } from "../core/errors.ts";

/** What calls of a trainer reject with after its `dispose`, and those that it ended. */
export function trainerDisposed(): DisposedError {
  return new DisposedError("This trainer was disposed of; make a new one.");
}
