/**
 * Has the built page ask for a module's chunk, and for all that it imports, from its markup: the page imports the module
 * only once something else is there, and should not wait for both in turn.
 */
import { resolve } from "node:path";

export function preloadedPage(file) {
  const id = resolve(import.meta.dirname, "..", file);
  return {
    name: "corteza-preloaded-page",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle = {} }) {
        const found = Object.values(bundle).find((chunk) => chunk.facadeModuleId === id);
        if (found === undefined) throw new Error(`preloadedPage: no chunk of the build is ${file}.`);
        const names = new Set();
        const take = (name) => {
          if (names.has(name) || html.includes(name)) return;
          names.add(name);
          for (const other of bundle[name]?.imports ?? []) take(other);
        };
        take(found.fileName);
        return [...names].map((name) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `./${name}` },
          injectTo: "head",
        }));
      },
    },
  };
}
