/**
 * The house of DESIGN section 2: `src` is a building of floors, and a floor imports only from floors below it.
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
  webgpu: ["core", "graph"],
  nn: ["core", "graph"],
  data: ["core"],
  formats: ["core", "graph", "nn", "data"],
  train: ["core", "graph", "nn", "data", "formats"],
  worker: ["core", "graph", "cpu", "webgpu", "nn", "data", "formats", "train"],
  elements: ["core", "data"],
};

const offences = [];
for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
  const path = join(entry.parentPath, entry.name);
  const floor = relative(source, path).split(/[\\/]/)[0];
  // The entry points beside the floors put them together.
  if (floor.endsWith(".ts")) continue;
  if (!(floor in BELOW)) offences.push(`${relative(source, path)}: "${floor}" is no floor of the house`);
  readFileSync(path, "utf8")
    .split("\n")
    .forEach((line, index) => {
      for (const [, specifier] of line.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)) {
        const target = specifier.startsWith(".") ? relative(source, resolve(dirname(path), specifier)) : specifier;
        const where = `src/${relative(source, path)}:${index + 1}`;
        if (/^\.\.[\\/]shaders[\\/]/.test(target)) {
          if (floor !== "webgpu") offences.push(`${where}: only webgpu imports shaders`);
          continue;
        }
        if (!specifier.startsWith(".")) offences.push(`${where}: the library has no dependencies, but imports "${specifier}"`);
        const targetFloor = target.split(/[\\/]/)[0];
        if (targetFloor !== floor && !BELOW[floor]?.includes(targetFloor)) {
          offences.push(`${where}: ${floor} may not import from ${targetFloor}`);
        }
      }
    });
}
for (const offence of offences) console.error(offence);
if (offences.length > 0) process.exit(1);
console.log("floors: every import goes down");
