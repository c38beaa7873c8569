/**
 * The house of DESIGN section 2: `src` is a building of floors, and a floor imports only from floors below it.
 * No files, of the demo neither, import each other in a circle; types may, and what is fetched later by import().
 * Prints each offence as file:line and exits with 1.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const source = resolve(import.meta.dirname, "../src");

/** What each floor may import. `cpu` and `webgpu` are neighbours and do not know each other. */
const BELOW = {
  core: [],
  graph: ["core"],
  cpu: ["core", "graph"],
  wasm: ["core", "graph", "cpu"],
  webgpu: ["core", "graph"],
  nn: ["core", "graph"],
  data: ["core"],
  formats: ["core", "graph", "nn", "data"],
  train: ["core", "graph", "nn", "data", "formats"],
  // A network as a file of its own: planned as for a backend, without one.
  standalone: ["core", "graph", "webgpu", "nn", "data", "formats", "train"],
  // The choice of a backend stands on the backends alone.
  worker: ["core", "graph", "cpu", "webgpu", "wasm", "best_backend.ts", "nn", "data", "formats", "train"],
  elements: ["core", "graph", "data"],
  vis: ["core", "nn", "train"],
  // The command, for Node alone.
  cli: ["core", "graph", "cpu", "wasm", "nn", "data", "formats", "train", "standalone", "node_pictures.ts"],
};

const IMPORT = /\b(import|export)\b(?:[^"';]*?\bfrom\s*|\s*\(\s*|\s*)"([^"]+)"/g;

const { peerDependencies } = JSON.parse(readFileSync(resolve(source, "../package.json"), "utf8"));

const offences = [];
for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
  const path = join(entry.parentPath, entry.name);
  const floor = relative(source, path).split(/[\\/]/)[0];
  // The entry points beside the floors put them together.
  const isEntry = floor.endsWith(".ts");
  if (!isEntry && !(floor in BELOW))
    offences.push(`src/${relative(source, path)}:1: "${floor}" is no floor of the house`);
  const text = withoutComments(readFileSync(path, "utf8"));
  for (const { index, 0: statement, 2: specifier } of text.matchAll(IMPORT)) {
    const line = text.slice(0, index + statement.length).split("\n").length;
    const where = `src/${relative(source, path)}:${line}`;
    // What Node brings with it, and what a project may install beside, are no dependencies, for what is for Node alone.
    const isForNode = floor === "node.ts" || floor === "node_pictures.ts" || floor === "cli";
    if (isForNode && (specifier.startsWith("node:") || specifier in peerDependencies)) continue;
    if (!specifier.startsWith(".")) {
      offences.push(`${where}: the library has no dependencies, but imports "${specifier}"`);
      continue;
    }
    const target = relative(source, resolve(dirname(path), specifier));
    const targetFloor = target.split(/[\\/]/)[0];
    if (isEntry) {
      // Another import would put the CPU backend into bundles of those who use WebGPU.
      const loadsCpu = targetFloor === "cpu" && floor !== "cpu.ts" && !/^import(\s+type\b|\s*\()/.test(statement);
      if (loadsCpu) offences.push(`${where}: only src/cpu.ts exports the CPU backend; others load it by import()`);
    } else if (/^\.\.[\\/]shaders[\\/]/.test(target)) {
      if (floor !== "webgpu") offences.push(`${where}: only webgpu imports shaders`);
    } else if (targetFloor !== floor && !BELOW[floor]?.includes(targetFloor)) {
      offences.push(`${where}: ${floor} may not import from ${targetFloor}`);
    }
  }
}
offences.push(...circlesOf(source), ...circlesOf(resolve(import.meta.dirname, "../demo")));
for (const offence of offences) console.error(offence);
if (offences.length > 0) process.exit(1);
console.log("floors: every import goes down, and none in a circle");

/** The same text with comments blanked, line for line: an example in a comment imports nothing. */
function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, " "));
}

/** Circles of imports that stay in the code that runs, each told once, by the first of its files that is met. */
function circlesOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
  const imports = new Map(files.map((file) => [file, valueImports(file).filter((target) => files.includes(target))]));
  const done = new Set();
  const found = [];
  const visit = (file, path) => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const target of imports.get(file)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  // The gradient of an op is made of ops, whose gradients are made of it in turn: rules, which run when all is loaded.
  const isOp = (file) => /[\\/]src[\\/]graph[\\/]ops[\\/]/.test(file);
  const circles = found.filter((circle) => !circle.every(isOp));
  return circles.map((circle) => {
    const names = circle.map((file) => relative(resolve(folder, ".."), file));
    return `${names[0]}:1: imports itself through ${names.slice(1).join(" → ")}`;
  });
}

/** Files that a file imports something of that is no type, at once and not by import(). */
function valueImports(file) {
  const text = withoutComments(readFileSync(file, "utf8"));
  return [...text.matchAll(/^(?:import|export)\b([^"';]*?)(?:\bfrom\s*)?"(\.[^"]+)"/gm)]
    .filter(([, names]) => {
      if (/^\s*type\b/.test(names)) return false;
      const listed = /^\s*\{([\s\S]*)\}\s*$/.exec(names)?.[1];
      return listed === undefined || listed.split(",").some((name) => name.trim() !== "" && !/^\s*type\s/.test(name));
    })
    .map(([, , specifier]) => resolve(dirname(file), specifier));
}
