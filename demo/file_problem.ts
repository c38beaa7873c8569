/** What can be wrong with a file that somebody opens here, as data: the page says it in its language. */
import { FormatError } from "../src/core/errors.ts";

export type FileProblem =
  /** Networks. */
  | { readonly kind: "damaged" | "network" | "optimizer" | "rate" }
  | { readonly kind: "counter"; readonly name: string; readonly value: string }
  | { readonly kind: "digits"; readonly takes: string; readonly gives: string }
  | { readonly kind: "batch"; readonly size: string }
  | { readonly kind: "notFinite" | "tensor"; readonly tensor: string }
  /** Weights that a network says lie in another file. */
  | { readonly kind: "shard"; readonly name: string }
  /** Drawings. */
  | { readonly kind: "json" | "format" }
  | { readonly kind: "drawing"; readonly place: number };

export class FileProblemError extends FormatError {
  readonly problem: FileProblem;

  constructor(problem: FileProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}
