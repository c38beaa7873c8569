import type { Kernel, ParameterTypes } from "./emit/function.ts";

/** An address in working memory that each thread has for itself: `step` bytes from one thread's to the next one's. */
export class Own {
  readonly address: number;
  readonly step: number;

  constructor(address: number, step: number) {
    this.address = address;
    this.step = step;
  }

  plus(bytes: number): Own {
    return new Own(this.address + bytes, this.step);
  }
}

/** A kernel's argument: a number, an address of the thread's own, or what is asked for anew at each run. */
export type Argument = number | Own | (() => number);

/** A kernel with its arguments. */
export interface Call {
  readonly kernel: Kernel;
  readonly parameters: Readonly<Record<string, Argument>>;
}

/** Calls that one thread does, in order. Slices of one list may run at the same time: none reads what another one writes. */
export type Slice = readonly Call[];

export const call = <P extends ParameterTypes>(
  kernel: Kernel<P>,
  parameters: { readonly [Name in keyof P]: Argument },
): Call => ({ kernel: kernel as Kernel, parameters });

/** Nanoseconds of work below which a slice is not worth handing over. Tests take less, so that small shapes are divided too. */
export const slicing = { least: 20_000 };
/** Slices of one list: enough for eight threads to end at about the same time. */
const MOST = 16;

export interface Range {
  readonly begin: number;
  readonly count: number;
}

/**
 * Divides 0 … `count` into slices of about the same length, each a multiple of `unit`. How many depends on the work alone, never on
 * the number of threads: sums of slices are the same bits then. `nanoseconds`: what one of `count` takes, about.
 */
export function divide(count: number, nanoseconds: number, { unit = 1, most = MOST } = {}): Range[] {
  const units = Math.ceil(count / unit);
  const pieces = Math.max(1, Math.min(most, units, Math.floor((count * nanoseconds) / slicing.least)));
  return Array.from({ length: pieces }, (_, piece) => {
    const begin = Math.floor((piece * units) / pieces) * unit;
    return { begin, count: Math.min(count, Math.floor(((piece + 1) * units) / pieces) * unit) - begin };
  });
}

/** What products take, about, in nanoseconds. */
export const ofProducts = (count: number): number => count / 20;
/** What reading and writing so many bytes takes, about. */
export const ofBytes = (bytes: number): number => bytes / 10;
