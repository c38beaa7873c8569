/** Errors of memory that did not come, made where one did not. */
import { at } from "../core/at.ts";
import { OutOfMemoryError } from "../core/errors.ts";
import { formatBytes } from "../core/format.ts";
import { refusalOf } from "./allocate.ts";
import type { Slot } from "./memory.ts";
import type { Source } from "./readback.ts";

/** The error that names the first of a program's buffers that the device had no memory for. `slots`: what the last of them are for. */
export async function lackOf(buffers: readonly GPUBuffer[], slots: readonly Slot[]): Promise<OutOfMemoryError> {
  const refusals = await Promise.all(buffers.map(refusalOf));
  const index = refusals.findIndex((refusal) => refusal !== null);
  const buffer = at(buffers, index);
  const cause = refusals[index];
  const tensor = slots[index - (buffers.length - slots.length)]?.values[0]?.label ?? buffer.label;
  const total = buffers.reduce((sum, { size }) => sum + size, 0);
  return new OutOfMemoryError(
    `The device had no memory for "${tensor}", ${formatBytes(buffer.size)} of ${formatBytes(total)} that this takes: ` +
      `${cause?.message}. Lower the batch size, dispose of what is not used any more, or close other pages.`,
    buffer.size,
    { cause, tensor },
  );
}

/** The error of bytes that could not be read back: the device had no memory for them, or the page, where mapping and copying fail. */
export async function lackOfStaging(
  { label, size }: Source,
  staging: GPUBuffer,
  failure: unknown,
): Promise<OutOfMemoryError> {
  return new OutOfMemoryError(
    `There was no memory to read "${label}" back, ${formatBytes(size)}. The step is done, and the device goes on; read ` +
      "again when other pages are closed, or take a smaller batch.",
    size,
    { cause: (await refusalOf(staging)) ?? failure, tensor: label },
  );
}
