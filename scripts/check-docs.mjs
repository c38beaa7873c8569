/**
 * Every public name has a docstring: what `corteza`, `corteza/graph`, `corteza/worker` and `corteza/node` export, with
 * their members, and every op. Part of `npm run check`.
 */
import { resolve } from "node:path";
import { Application, ReflectionKind } from "typedoc";

const root = resolve(import.meta.dirname, "..");
const app = await Application.bootstrap({
  options: resolve(root, "typedoc.json"),
  entryPoints: [
    "src/index.ts",
    "src/cpu.ts",
    "src/diagram.ts",
    "src/digit_pad.ts",
    "src/infer.ts",
    "src/graph.ts",
    "src/keras.ts",
    "src/onnx.ts",
    "src/standalone.ts",
    "src/pytorch.ts",
    "src/tfjs.ts",
    "src/typescript.ts",
    "src/vis.ts",
    "src/worker.ts",
    "src/node.ts",
    "src/graph/ops/index.ts",
  ].map((file) => resolve(root, file)),
  validation: { notExported: false, invalidLink: true, notDocumented: false },
  logLevel: "Error",
});
const project = await app.convert();
if (project === undefined) process.exit(1);

const WANTED =
  ReflectionKind.Function |
  ReflectionKind.Class |
  ReflectionKind.Interface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Variable |
  ReflectionKind.Method |
  ReflectionKind.Accessor |
  ReflectionKind.Property;

/** Graph's ops are its methods by a mapped type, which keeps no comment; their functions in `graph/ops` have it. */
function isOpOfGraph(reflection) {
  return (
    reflection.parent?.name === "Graph" && reflection.sources?.some(({ fileName }) => fileName.includes("graph/ops/"))
  );
}

/** Members of the types that functions take and give inline, and what errors and the platform's classes inherit. */
function isOutside(reflection) {
  if (reflection.sources?.some(({ fileName }) => fileName.includes("node_modules"))) return true;
  for (let parent = reflection.parent; parent; parent = parent.parent) {
    if (parent.kindOf(ReflectionKind.TypeLiteral)) return true;
  }
  return reflection.flags.isInherited || reflection.flags.isPrivate;
}

const missing = new Set();
for (const reflection of project.getReflectionsByKind(WANTED)) {
  const documented = [reflection, ...(reflection.signatures ?? []), reflection.getSignature].some((entry) =>
    entry?.hasComment(),
  );
  if (documented || isOpOfGraph(reflection) || isOutside(reflection)) continue;
  const [source] = reflection.sources ?? [];
  missing.add(`${source?.fileName}:${source?.line}  ${reflection.getFullName()}`);
}
for (const line of [...missing].sort()) console.log(line);
console.log(
  missing.size === 0 ? "docs: every public name is documented" : `${missing.size} public names have no docstring`,
);
process.exit(missing.size === 0 ? 0 : 1);
