/** Builds the library's modules into a folder, without their types. `npm run build` and tests call it. */
import { posix, resolve } from "node:path";
import { build } from "vite";
import { buildTarget } from "./browsers/oldest.mjs";
import { sharedByDemand } from "./shared-plugin.mjs";
import { smallShaders } from "./wgsl-plugin.mjs";

const root = resolve(import.meta.dirname, "..");

/** The entries of package.json's `exports`, by the names of their files in dist. */
export const ENTRIES = {
  index: "src/index.ts",
  cpu: "src/cpu.ts",
  graph: "src/graph.ts",
  infer: "src/infer.ts",
  node: "src/node.ts",
  worker: "src/worker.ts",
  "data/pictures/host": "src/data/pictures/host.ts",
  "worker/host": "src/worker/host.ts",
};

/**
 * An entry that only names what other modules have becomes `export * from` a small file a module, in dist/exports. A bundler
 * that divides code by files (esbuild) else counts everything that such a list names as wanted by whoever imports from it.
 */
function exportsByModule() {
  return {
    name: "corteza-exports-by-module",
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        const modules = chunk.isEntry ? reexports(chunk.code) : undefined;
        if (modules === undefined) continue;
        const names = [...modules.keys()];
        const entry = chunk.fileName.replace(/\.js$/, "");
        for (const [module, list] of modules) {
          const fileName = posix.join("exports", entry, module);
          const from = posix.relative(posix.dirname(fileName), posix.normalize(module));
          this.emitFile({ type: "asset", fileName, source: `export { ${list.join(", ")} } from "${from}";\n` });
        }
        chunk.code = names.map((module) => `export * from "./${posix.join("exports", entry, module)}";\n`).join("");
      }
    },
  };
}

/** What an entry exports, by module; undefined where it does more than that, or has but one module. */
function reexports(code) {
  const imported = new Map();
  const modules = new Map();
  const rest = code.replace(/^import \{([^}]*)\} from "(\.[^"]+)";$/gm, (_, list, module) => {
    for (const item of list.split(",")) {
      const [name, local = name] = item.trim().split(" as ");
      imported.set(local, { name, module });
    }
    return "";
  });
  const exported = /^\s*export \{([^}]*)\};\s*(\/\/# sourceMappingURL=.*)?\s*$/.exec(rest)?.[1];
  if (exported === undefined) return undefined;
  for (const item of exported.split(",")) {
    const [local, name = local] = item.trim().split(" as ");
    const source = imported.get(local);
    if (source === undefined) return undefined;
    const list = modules.get(source.module) ?? [];
    modules.set(source.module, [...list, source.name === name ? name : `${source.name} as ${name}`]);
  }
  return modules.size > 1 ? modules : undefined;
}

/** In one file, workers' scripts no longer lie beside the module that starts them: they lie where the modules of dist are. */
function workersOfModules() {
  return {
    name: "corteza-workers-of-modules",
    transform(code, id) {
      const folder = posix.dirname(id.replaceAll("\\", "/").split("/src/").at(-1) ?? "");
      const moved = code.replaceAll(/(new URL\([^"()]*)"\.\/(\w+\.js)"/g, `$1"./${folder}/$2"`);
      return moved === code ? null : { code: moved, map: null };
    },
  };
}

/**
 * One file a module, where the sources have it, so that a bundler fetches nothing that is not used; and what "corteza"
 * exports in one file, corteza.min.js, for a plain page.
 */
export async function buildLibrary(folder) {
  const common = { configFile: false, root, logLevel: "warn", publicDir: false, plugins: [smallShaders()] };
  await build({
    ...common,
    plugins: [...common.plugins, exportsByModule(), sharedByDemand()],
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: buildTarget(),
      minify: false,
      sourcemap: true,
      lib: { entry: ENTRIES, formats: ["es"] },
      rolldownOptions: {
        external: [/^node:/, "sharp"],
        preserveEntrySignatures: "strict",
        output: {
          preserveModules: true,
          preserveModulesRoot: resolve(root, "src"),
          // A shader's module lies beside those of src.
          entryFileNames: ({ name }) => `${name.replace(/\.wgsl$/, "_wgsl")}.js`,
        },
      },
    },
  });
  await build({
    ...common,
    plugins: [...common.plugins, workersOfModules()],
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: buildTarget(),
      sourcemap: true,
      lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "corteza.min.js" },
      // Vite's own `minify` leaves the whitespace of ES libraries in.
      rolldownOptions: { output: { codeSplitting: false, minify: true } },
    },
  });
}
