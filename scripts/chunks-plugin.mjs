/**
 * Which files the demo's build has. Left to itself a bundler makes a file of every set of modules that are wanted together:
 * dozens of small ones, which compress badly and arrive one after the other. Here what page and worker share is one file,
 * and what the worker trains the page's first network with is another. Everything else stays as it is imported on demand.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** Modules, by their paths in the repository, with all that they import statically; what is `first` stays by itself. */
export function visitChunks({ first, page, worker, training }) {
  let shared = new Set();
  let trained = new Set();
  return {
    name: "corteza-visit-chunks",
    apply: "build",
    config: () => ({
      build: {
        rolldownOptions: {
          output: {
            codeSplitting: {
              groups: [
                { name: "library", test: (id) => shared.has(id), priority: 2 },
                { name: "training", test: (id) => trained.has(id), priority: 1 },
              ],
            },
          },
        },
      },
    }),
    buildEnd() {
      const before = reached(this, first);
      const ofPage = reached(this, page);
      const ofWorker = reached(this, worker);
      shared = new Set([...ofPage].filter((id) => ofWorker.has(id) && !before.has(id)));
      trained = new Set([...ofWorker, ...reached(this, training)].filter((id) => !before.has(id)));
      // An entry is imported by no other file (scripts/chunks.mjs says why).
      for (const file of worker) trained.delete(resolve(root, file));
    },
  };
}

function reached(context, files) {
  const found = new Set();
  const take = (id) => {
    if (found.has(id)) return;
    const info = context.getModuleInfo(id);
    if (info === null) return;
    found.add(id);
    for (const other of info.importedIds) take(other);
  };
  for (const file of files) {
    const path = resolve(root, file);
    if (!existsSync(path)) throw new Error(`visitChunks: there is no ${file}.`);
    take(path);
  }
  return found;
}
