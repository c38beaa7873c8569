import { OutOfMemoryError } from "../core/errors.ts";
import { formatBytes } from "../core/format.ts";
import { byteSize, type Plan, type PlannedValue, rootOf } from "./plan.ts";

/** One buffer that several transient values use one after the other. */
export interface Slot {
  readonly bytes: number;
  readonly values: readonly PlannedValue[];
}

interface Lifetime {
  value: PlannedValue;
  bytes: number;
  first: number;
  last: number;
}

/** First and last dispatch that touch each transient value; outputs live until they are read. */
function lifetimes(plan: Plan): Lifetime[] {
  const found = new Map<number, Lifetime>();
  const touch = (value: PlannedValue, index: number) => {
    const root = rootOf(value);
    if (root.placement.kind !== "transient") return;
    const known = found.get(root.id);
    if (known) known.last = Math.max(known.last, index);
    else found.set(root.id, { value: root, bytes: byteSize(root.size, root.dtype), first: index, last: index });
  };
  plan.dispatches.forEach((dispatch, index) => {
    for (const value of dispatch.values) touch(value, index);
  });
  for (const { value } of plan.outputs.values()) touch(value, plan.dispatches.length);
  return [...found.values()];
}

/**
 * Packs transient values into as few bytes of buffers as a greedy pass finds: largest first, each into the first slot
 * in which no other value is alive at the same time ("greedy by size", Pisarchyk and Lee 2020). A slot is a buffer of
 * its own, so that the driver sees no false dependency between values of different slots.
 */
export function planMemory(plan: Plan): Slot[] {
  const slots: { bytes: number; members: Lifetime[] }[] = [];
  const ordered = lifetimes(plan).sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const lifetime of ordered) {
    const free = slots.find((slot) =>
      slot.members.every((member) => lifetime.last < member.first || member.last < lifetime.first),
    );
    if (free) free.members.push(lifetime);
    else slots.push({ bytes: lifetime.bytes, members: [lifetime] });
  }
  return slots.map((slot) => ({ bytes: slot.bytes, values: slot.members.map((member) => member.value) }));
}

/** Bytes of the buffers that belong to a program alone: fed inputs and constants. */
export function ownBytes(plan: Plan): number {
  const roots = new Map<number, PlannedValue>();
  const ends = [...plan.inputs.values(), ...plan.outputs.values()].map(({ value }) => value);
  for (const value of [...ends, ...plan.dispatches.flatMap((dispatch) => dispatch.values)]) {
    const root = rootOf(value);
    if (root.placement.kind === "input" || root.placement.kind === "constant") roots.set(root.id, root);
  }
  return [...roots.values()].reduce((sum, { size, dtype }) => sum + byteSize(size, dtype), 0);
}

/** What a buffer holds, which decides what can be done about one that is too large. */
export type BufferRole = "activation" | "variable" | "input";

/** Throws `OutOfMemoryError`, naming the tensor, when one of the buffers is larger than the device can bind. */
export function checkLimits(
  buffers: readonly { readonly label: string; readonly bytes: number; readonly role: BufferRole }[],
  limits: Pick<GPUSupportedLimits, "maxBufferSize" | "maxStorageBufferBindingSize">,
): void {
  const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  for (const { label, bytes, role } of buffers) {
    if (bytes > most) {
      throw new OutOfMemoryError(
        `"${label}" needs a buffer of ${formatBytes(bytes)}; this device binds at most ${formatBytes(most)}. ` +
          // The batch size changes activations alone, and of a data set two batches lie on the device at least.
          (/^(dataset|batches)\//.test(label)
            ? "Lower the batch size or the image size."
            : role !== "variable"
              ? "Lower the batch size, the image size or the number of filters."
              : "It is as large as the network's parameters, whatever the batch size: take fewer units or filters."),
        bytes,
        { bindable: most, tensor: label },
      );
    }
  }
}
