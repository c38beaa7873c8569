/**
 * How much device memory a page may plan with. Limits do not tell: iOS ends pages at about 1.5 GB, page and GPU together,
 * whatever `maxBufferSize` says, and without an error that a page could catch.
 */
import { ArgumentError, OutOfMemoryError } from "../core/errors.ts";
import { formatBytes } from "../core/format.ts";
import type { Arena, Variable } from "../graph/node.ts";
import type { DeviceContext } from "./device_context.ts";
import type { Slot } from "./memory.ts";

/** What a browser tells of its device, in a page or a worker; each name is missing in some. */
export interface DeviceHints {
  /** Gigabytes of memory, rounded; Chromium alone tells it. */
  readonly deviceMemory?: number;
  /** User-agent hints, of Chromium alone. */
  readonly userAgentData?: { readonly mobile?: boolean };
  /** "iPhone"; an iPad says "MacIntel". */
  readonly platform?: string;
  /** Fingers that a screen feels at once; workers do not know. */
  readonly maxTouchPoints?: number;
  readonly userAgent?: string;
}

const GIGABYTE = 2 ** 30;
/** Half of what iOS leaves a page; the other half is its program, its arrays and what is on their way to the GPU. */
const PHONE_BYTES = 0.75 * GIGABYTE;
/** Of a phone's memory, which its GPU, its other programs and its system share. */
const PHONE_SHARE = 0.25;

/**
 * The bytes that a backend may hold on this device: a part of a phone's or tablet's memory, and no bound elsewhere, where a
 * device's own limits and its out-of-memory errors hold. `hints` is by default the browser's `navigator`.
 */
export function memoryBudget(hints: DeviceHints = (globalThis.navigator as DeviceHints | undefined) ?? {}): number {
  if (!isHandheld(hints)) return Number.POSITIVE_INFINITY;
  const { deviceMemory } = hints;
  return deviceMemory === undefined ? PHONE_BYTES : deviceMemory * GIGABYTE * PHONE_SHARE;
}

function isHandheld({ userAgentData, platform = "", maxTouchPoints = 0, userAgent = "" }: DeviceHints): boolean {
  if (/^(iPhone|iPad|iPod)/.test(platform)) return true;
  // No Mac has a screen that feels fingers: this one is an iPad.
  if (/^Mac/.test(platform) && maxTouchPoints > 1) return true;
  // A tablet with Android is not "mobile", but has a phone's memory.
  return userAgentData?.mobile === true || /\bAndroid\b/.test(userAgent);
}

/** Throws `ArgumentError` for a budget with which nothing could run. */
export function checkMemoryBudget(budget: number | undefined): void {
  if (budget === undefined || budget > 0) return;
  throw new ArgumentError(`webgpu: memoryBudget must be a number of bytes above 0, got ${budget}.`);
}

/** Throws `OutOfMemoryError` where a program would take more than the backend's budget leaves it. */
export function checkBudget(
  { variables, scratch, bytes: held, memoryBudget: budget }: DeviceContext,
  program: { readonly slots: readonly Slot[]; readonly owners: ReadonlySet<Variable | Arena>; readonly own: number },
): void {
  const missing = scratch.missingBytes(program.slots.map((slot) => slot.bytes));
  const more = variables.missingBytes(program.owners) + missing + program.own;
  if (more + held <= budget) return;
  const beside = held === 0 ? "" : ` beside the ${formatBytes(held)} that this backend holds`;
  throw new OutOfMemoryError(
    `This takes ${formatBytes(more)} of the device's memory${beside}; the budget here is ${formatBytes(budget)}. Lower the ` +
      "batch size, the image size or the number of filters, or dispose of trainers that are not used any more. On phones and " +
      "tablets the budget is what a browser lets a page have before it ends it; webgpu({ memoryBudget }) sets another one.",
    more,
  );
}
