import { posix } from "node:path";

/** Modules whose whole static imports are there when something is fetched on demand for them. */
const ROOTS = { kernels: "webgpu/backend.js", training: "train/create_trainer.js", layers: "formats/open_model.js" };

/**
 * A bundler that may not move modules between files (Vite's beside a top-level await, esbuild's always) makes a file for every
 * set of modules that the same ones of a page's and of the on-demand parts import: fifty small files, each compressed alone.
 * Here every part that is fetched on demand imports, through one module of dist/shared, all that such parts share with what
 * is there already; these sets become one. Nothing is used of what such an import names, so that bundlers would leave it out, if
 * `sideEffects` in package.json did not name the folders.
 */
export function sharedByDemand() {
  return {
    name: "corteza-shared-by-demand",
    generateBundle(_, bundle) {
      const closure = (name, seen = new Set()) => {
        if (seen.has(name) || bundle[name]?.type !== "chunk") return seen;
        seen.add(name);
        for (const imported of bundle[name].imports) closure(imported, seen);
        return seen;
      };
      /** What is fetched on demand for what is there, and for such parts in their turn. */
      const partsOf = (present) => {
        const parts = new Set();
        const waiting = [...present];
        for (const name of waiting) {
          for (const part of bundle[name].dynamicImports) {
            if (present.has(part) || parts.has(part)) continue;
            parts.add(part);
            waiting.push(...closure(part));
          }
        }
        return parts;
      };
      for (const [what, root] of Object.entries(ROOTS)) {
        const present = closure(root);
        const inParts = [...partsOf(present)].map((part) => [part, closure(part)]);
        const shared = [...present].filter((name) => inParts.some(([, names]) => names.has(name)));
        const fileName = `shared/${what}.js`;
        const source = shared.map((name) => `import "../${name}";\n`).join("");
        this.emitFile({ type: "asset", fileName, source });
        for (const [part] of inParts) {
          const chunk = bundle[part];
          // Behind the code: the lines of its source map stay where they are.
          chunk.code = chunk.code.replace(
            /\n*(\/\/# sourceMappingURL=.*)?\s*$/,
            `\nimport "${posix.relative(posix.dirname(part), fileName).replace(/^(?!\.)/, "./")}";\n$1`,
          );
        }
      }
    },
  };
}
