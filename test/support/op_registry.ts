/** Every op of the library, found where ops are declared: each is an export of a file in src/graph/ops. In Node. */
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { OpDefinition } from "../../src/graph/op.ts";

function isOpDefinition(value: object): value is OpDefinition {
  return "name" in value && typeof value.name === "string" && "infer" in value && typeof value.infer === "function";
}

/** Ops among exported values, and within exported tables of them. */
function opsIn(value: unknown): OpDefinition[] {
  if (typeof value !== "object" || value === null) return [];
  return isOpDefinition(value) ? [value] : Object.values(value).flatMap(opsIn);
}

/** By their names. */
export async function allOps(): Promise<Map<string, OpDefinition>> {
  const folder = resolve(import.meta.dirname, "../../src/graph/ops");
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts"));
  const modules = await Promise.all(
    files.map(async (file): Promise<object> => import(pathToFileURL(resolve(folder, file)).href)),
  );
  return new Map(modules.flatMap((module) => opsIn({ ...module })).map((op) => [op.name, op]));
}
