import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { Plugin } from "vite";
import { applyMutant, type Mutant } from "./mutant.ts";
import { mutatedFiles, root } from "./sources.ts";
import { typescriptPlaces } from "./typescript_places.ts";

/** What the plugin does to the sources; the runner sets it before each run. */
export interface PluginState {
  mutant: Mutant | undefined;
  /** Whether sources report which of their lines are reached (coverage_setup.ts listens). */
  coverage: boolean;
}

/** Gives tests changed sources from memory. The files themselves are never written. */
export function mutationPlugin(state: PluginState): Plugin {
  const files = new Set(mutatedFiles());
  return {
    name: "corteza-mutation",
    enforce: "pre",
    load(id) {
      const [path = "", query] = id.split("?");
      const file = relative(root, path).replaceAll("\\", "/");
      if (!files.has(file) || (query !== undefined) !== file.endsWith(".wgsl")) return undefined;
      const { mutant } = state;
      if (!state.coverage && mutant?.file !== file) return undefined;
      let source = readFileSync(path, "utf8");
      if (mutant?.file === file) source = applyMutant(source, mutant);
      if (state.coverage) source = file.endsWith(".wgsl") ? markLines(file, source) : probeLines(file, source);
      return file.endsWith(".wgsl") ? `export default ${JSON.stringify(source)};` : source;
    },
  };
}

/**
 * Ends each statement of a shader with a comment that names its lines, for `coverage_setup.ts` to find after the
 * preprocessor. Within a statement tests may look for text of several lines.
 */
function markLines(file: string, source: string): string {
  let first = 1;
  return source
    .split("\n")
    .map((line, i) => {
      if (!/[;{}]\s*$/.test(line.replace(/\/\/.*$/, ""))) return line;
      const mark = ` //@${file}:${first}-${i + 1}`;
      first = i + 2;
      return line + mark;
    })
    .join("\n");
}

/** Makes each expression that a mutant could change note its line before it is evaluated. */
function probeLines(file: string, source: string): string {
  const probes = new Map(
    typescriptPlaces(source).map(({ probe, start }) => [`${probe.start},${probe.end}`, { probe, start }]),
  );
  const inserts: { at: number; text: string; order: number }[] = [];
  for (const { probe, start } of probes.values()) {
    const line = source.slice(0, start).split("\n").length;
    const length = probe.end - probe.start;
    // Where several begin, the longest is outermost; where several end, the shortest is innermost.
    inserts.push({
      at: probe.start,
      text: `((__lines ??= cortezaLines(${JSON.stringify(file)}))[${line}] = 1, `,
      order: -length,
    });
    inserts.push({ at: probe.end, text: ")", order: length - source.length });
  }
  // At one offset, what ends there closes before what begins there opens.
  inserts.sort((a, b) => a.at - b.at || Number(b.text === ")") - Number(a.text === ")") || a.order - b.order);
  let result = "";
  let position = 0;
  for (const { at, text } of inserts) {
    result += source.slice(position, at) + text;
    position = at;
  }
  result += source.slice(position);
  // In one line, so that stack traces keep their numbers. `var`: modules that import each other may be early.
  const before = "var __lines;";
  if (file !== "src/webgpu/preprocess.ts") return before + result;
  return (
    before +
    result.replace(
      "export function preprocess(",
      "export function preprocess(...args) { const text = preprocessUnseen(...args); cortezaShader(text); return text; } " +
        "function preprocessUnseen(",
    )
  );
}
