import type { Plugin } from "vite";

/** Modules, by their paths in the repository. */
export interface Visit {
  first: readonly string[];
  page: readonly string[];
  worker: readonly string[];
  /** What the worker imports on demand for the page's first network. */
  training: readonly string[];
}

export function visitChunks(visit: Visit): Plugin;
