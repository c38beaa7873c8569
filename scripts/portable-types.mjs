/**
 * Makes the declarations of dist readable to every TypeScript from 5.4 on, without `skipLibCheck` and without @webgpu/types: WebGPU's
 * types are in TypeScript's own library only from 6.0 on, and arrays have a type of their buffer only from 5.7 on.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix, sep } from "node:path";

/** Names of WebGPU that stand for no class. */
const OTHERS = { GPUPowerPreference: '"low-power" | "high-performance"' };
const MODULE = "webgpu_types";

/** The type of a class of WebGPU where the reader's project knows it, and any object elsewhere. */
const declared = (name) =>
  `export type ${name} = ${
    OTHERS[name] ?? `typeof globalThis extends { ${name}: { prototype: infer Known } } ? Known : object`
  };\n`;

/** One file of declarations, and the names of WebGPU that it has. `path`: where it lies in dist. */
export function portableTypes(path, text) {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const names = [...new Set(code.match(/\bGPU(?:[A-Z]\w*)?\b/g) ?? [])].sort();
  // What `of` gives has the type of a new buffer, in a TypeScript that knows such a type.
  const arrays = text
    .replace(/\b(\w+Array)<ArrayBuffer>/g, 'ReturnType<$1Constructor["of"]>')
    .replace(/\bArrayBufferView<ArrayBuffer>/g, "(ArrayBufferView & { readonly buffer: ArrayBuffer })");
  if (names.length === 0) return { names, text: arrays };
  const from = posix.relative(posix.dirname(path), `${MODULE}.js`);
  const module = from.startsWith(".") ? from : `./${from}`;
  // On the first line, so that maps of the lines still hold.
  return { names, text: `import type { ${names.join(", ")} } from "${module}"; ${arrays}` };
}

/** Rewrites all declarations of a folder. */
export function makeTypesPortable(dist) {
  const all = new Set();
  for (const name of readdirSync(dist, { recursive: true })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(dist, name);
    const before = readFileSync(path, "utf8");
    const { names, text } = portableTypes(name.split(sep).join("/"), before);
    for (const one of names) all.add(one);
    if (text !== before) writeFileSync(path, text);
  }
  const text = [...all].sort().map(declared).join("");
  writeFileSync(join(dist, `${MODULE}.d.ts`), text);
}
