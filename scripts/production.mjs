/**
 * Builds dist/production of the modules of dist: what a page gets from a production build. The same modules, grouped
 * (production-groups.mjs), with everything at their top level marked as free of side effects, so that bundlers leave out of a
 * file what a page does not use of it; and with numbers in the place of errors' texts (error-numbers.mjs).
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix, relative, resolve, sep } from "node:path";
import { rollup } from "rollup";
import { parseAst } from "rollup/parseAst";
import { numberErrors, TEXTS } from "./error-numbers.mjs";
import { groupsOf } from "./production-groups.mjs";
import { isShader, shortConstants } from "./short-constants.mjs";
import { shortDirectives } from "./short-directives.mjs";
import { edited, visit } from "./syntax.mjs";

const FOLDER = "production";

/**
 * A module that imports all shaders, the first of the build's inputs: Rollup then has the texts of shaders at the beginning of
 * each file, side by side, where gzip finds what they have in common. It is no part of the result.
 */
const SHADERS_FIRST = "corteza-shaders-first";

/** Modules that do something when they are loaded. */
const WITH_EFFECTS = ["digit_pad.js", "data/pictures/host.js", "worker/host.js"];

export async function buildProduction(dist, entries) {
  const nameOf = (id) => relative(dist, id).split(sep).join("/");
  const modules = readModules(dist);
  const named = shortConstants(modules);
  const shaders = [...modules.keys()].filter(isShader);
  const shorter = new Map([...named, ...shortDirectives(new Map([...modules, ...named]), shaders)]);
  const { numbered, texts } = numberErrors(new Map([...modules, ...shorter]));
  writeFileSync(join(dist, TEXTS), texts);
  rmSync(join(dist, `${TEXTS}.map`), { force: true });
  let grouping;
  const bundle = await rollup({
    input: {
      [SHADERS_FIRST]: SHADERS_FIRST,
      ...Object.fromEntries(entries.map((name) => [name, join(dist, `${name}.js`)])),
    },
    preserveEntrySignatures: "strict",
    // The ops' modules import each other in circles, as functions that are called later.
    onwarn(warning, report) {
      if (warning.code === "CIRCULAR_CHUNK") throw new Error(`dist/production: ${warning.message}`);
      if (!["CIRCULAR_DEPENDENCY", "EMPTY_BUNDLE"].includes(warning.code)) report(warning);
    },
    plugins: [shadersFirst(dist, shaders), modulesOfDist(dist, new Map([...shorter, ...numbered])), pureTopLevel()],
  });
  await bundle.write({
    dir: join(dist, FOLDER),
    format: "es",
    sourcemap: true,
    minifyInternalExports: false,
    hoistTransitiveImports: false,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    manualChunks(id, { getModuleIds, getModuleInfo }) {
      grouping ??= groupsOf(
        new Map(
          [...getModuleIds()]
            .map(getModuleInfo)
            .filter(({ id, isExternal }) => !isExternal && id !== SHADERS_FIRST)
            .map(({ id, code, importedIds, dynamicallyImportedIds }) => [
              nameOf(id),
              {
                imports: importedIds.map(nameOf),
                dynamicImports: dynamicallyImportedIds.map(nameOf),
                size: code.length,
              },
            ]),
        ),
      );
      if (getModuleInfo(id).isEntry) return undefined;
      return grouping.get(nameOf(id)).replace(/\.js$/, "");
    },
    plugins: [addressesHold(nameOf), exportsByModule()],
  });
  await bundle.close();
}

/** The modules of dist with their code. */
function readModules(dist) {
  const names = readdirSync(dist, { recursive: true })
    .map((name) => name.split(sep).join("/"))
    .filter((name) => name.endsWith(".js") && name !== TEXTS);
  return new Map(names.map((name) => [name, readFileSync(join(dist, name), "utf8")]));
}

function shadersFirst(dist, shaders) {
  return {
    name: SHADERS_FIRST,
    resolveId: (id) => (id === SHADERS_FIRST ? id : null),
    load: (id) =>
      id === SHADERS_FIRST ? shaders.map((name) => `import ${JSON.stringify(join(dist, name))};`).join("") : null,
    generateBundle(_, bundle) {
      for (const { name, fileName } of Object.values(bundle)) if (name === SHADERS_FIRST) delete bundle[fileName];
    },
  };
}

function modulesOfDist(dist, changed) {
  return {
    name: "corteza-dist",
    resolveId(id, importer) {
      if (id.startsWith("node:")) return { id, external: true };
      const path = importer === undefined ? id : resolve(importer, "..", id);
      return { id: path, moduleSideEffects: WITH_EFFECTS.includes(relative(dist, path).split(sep).join("/")) };
    },
    load(id) {
      const code = changed.get(relative(dist, id).split(sep).join("/")) ?? readFileSync(id, "utf8");
      // A module that only names others has none.
      const map = existsSync(`${id}.map`) ? JSON.parse(readFileSync(`${id}.map`, "utf8")) : null;
      return { code: code.replace(/^\/\/# sourceMappingURL=.*$/m, ""), map };
    },
  };
}

/**
 * Calls at the top level of a module are marked as pure; lists that take in other lists, which Rollup takes for an effect,
 * become calls. Only modules `WITH_EFFECTS` may have statements that are anything but declarations.
 */
function pureTopLevel() {
  return {
    name: "corteza-pure-top-level",
    transform(code) {
      const edits = [];
      for (const statement of parseAst(code).body) {
        const declaration = statement.declaration ?? statement;
        if (declaration.type !== "VariableDeclaration") continue;
        for (const { init } of declaration.declarations) {
          let spreads = false;
          visit(init, (node) => {
            if (/Function|Class/.test(node.type)) return false;
            if (node.type === "SpreadElement") spreads = true;
            if (node.type === "CallExpression" || node.type === "NewExpression")
              edits.push([node.start, node.start, "/* @__PURE__ */ "]);
          });
          if (spreads && init.type !== "CallExpression" && init.type !== "NewExpression") {
            edits.push([init.start, init.start, "/* @__PURE__ */ (() => ("], [init.end, init.end, "))()"]);
          }
        }
      }
      return { code: edited(code, edits), map: null };
    },
  };
}

/** What starts a worker names its script by its own address: such a module stays where it is, or the build fails. */
function addressesHold(nameOf) {
  return {
    name: "corteza-addresses-hold",
    generateBundle(_, bundle) {
      for (const { fileName, code, moduleIds } of Object.values(bundle)) {
        if (code?.includes("import.meta.url") && moduleIds.some((id) => nameOf(id) !== fileName))
          this.error(`${fileName}: a module that names other files by its address must be a file of its own.`);
      }
    },
  };
}

/**
 * An entry that only names what other modules have becomes `export * from` a small file a module, in `exports`. esbuild, which
 * divides code by files, else counts everything that such a list names as wanted by whoever imports from it.
 */
function exportsByModule() {
  return {
    name: "corteza-exports-by-module",
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        const modules = chunk.isEntry ? reexports(chunk.code) : undefined;
        if (modules === undefined) continue;
        const entry = chunk.fileName.replace(/\.js$/, "");
        let code = "";
        for (const [module, list] of modules) {
          const fileName = posix.join("exports", entry, module);
          const from = posix.relative(posix.dirname(fileName), posix.normalize(module));
          this.emitFile({ type: "asset", fileName, source: `export { ${list.join(", ")} } from "${from}";\n` });
          code += `export * from "./${posix.relative(posix.dirname(chunk.fileName), fileName)}";\n`;
        }
        chunk.code = code;
        delete bundle[chunk.sourcemapFileName];
      }
    },
  };
}

/** What an entry exports, by module; undefined where it does more than that, or has but one module. */
function reexports(code) {
  const imported = new Map();
  const modules = new Map();
  const add = (module, name, as) =>
    modules.set(module, [...(modules.get(module) ?? []), name === as ? name : `${name} as ${as}`]);
  for (const { type, specifiers, source, declaration } of parseAst(code).body) {
    if (type === "ImportDeclaration") {
      for (const { imported: name, local } of specifiers)
        imported.set(local.name, { name: name?.name, module: source.value });
    } else if (type === "ExportNamedDeclaration" && !declaration) {
      for (const { local, exported } of specifiers) {
        const from = source ? { name: local.name, module: source.value } : imported.get(local.name);
        if (from?.name === undefined) return undefined;
        add(from.module, from.name, exported.name);
      }
    } else return undefined;
  }
  return modules.size > 1 ? modules : undefined;
}
