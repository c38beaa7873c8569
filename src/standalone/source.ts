/** Puts a module together of its data and of the parts of `runtime/` that it wants. */
import { literal } from "./literal.ts";
import main from "./runtime/main.js?raw";
import ops from "./runtime/ops.js?raw";
import pictures from "./runtime/pictures.js?raw";
import plain from "./runtime/plain.js?raw";
import webgpu from "./runtime/webgpu.js?raw";

/** A file of `runtime/` as a part of one module: without imports, exports, comments and indents. */
function partOf(text: string): string {
  return text
    .replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(\/\/|import\b)/.test(line))
    .map((line) => line.replace(/^export (?=const|async|function)/, ""))
    .join("\n");
}

const SECTION = /^\/\/ section (\w+)$/m;

/** The sections of ops.js by their names, in their order: each op, and what ops call. What lies before them belongs to all. */
const [head = "", ...named] = ops.split(SECTION);
const sections = new Map(
  Array.from({ length: named.length / 2 }, (_, index) => [named[2 * index] ?? "", partOf(named[2 * index + 1] ?? "")]),
);
const isOp = (name: string) => sections.get(name)?.startsWith(`ops.${name} = `) ?? false;

/** The ops that a module can have loops for. */
export const knownOps: ReadonlySet<string> = new Set([...sections.keys()].filter(isOp));

/** The loops of these ops, and what they call. */
function loopsOf(wanted: ReadonlySet<string>): string {
  const taken = new Set<string>();
  const visit = [...wanted];
  for (let name = visit.pop(); name !== undefined; name = visit.pop()) {
    if (taken.has(name)) continue;
    taken.add(name);
    const words = new Set(sections.get(name)?.match(/(?<!\.)\b\w+/g));
    visit.push(...[...sections.keys()].filter((other) => !isOp(other) && words.has(other)));
  }
  return [partOf(head), ...[...sections].flatMap(([name, text]) => (taken.has(name) ? [text] : []))].join("\n");
}

/** The constants that the parts of `runtime/` read. */
export interface ModuleData {
  readonly INPUTS: unknown;
  readonly NAMES: unknown;
  readonly CLASSES: unknown;
  readonly PICTURES: unknown;
  readonly PARTS: unknown;
  readonly STEPS: unknown;
  readonly OUTPUTS: unknown;
  readonly PLAN: unknown;
}

/** The module's text; `wanted` are the ops of its steps. */
export function moduleSource(data: ModuleData, wanted: ReadonlySet<string>, weights: string): string {
  const constants = Object.entries(data).map(([name, value]) => `const ${name} = ${literal(value)};`);
  return [
    "// A network with its weights, compiled by Corteza: predict(image) and load() below; docs/standalone.md says how it is used.",
    ...constants,
    `const WEIGHTS = "${weights}";`,
    ...[pictures, webgpu].map(partOf),
    loopsOf(wanted),
    ...[plain, main].map(partOf),
    "export { close, inputShape, inputShapes, labels, load, predict };\n",
  ].join("\n");
}
