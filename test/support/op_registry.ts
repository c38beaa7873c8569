/// <reference types="vite/types/importMeta.d.ts" />
/** Every op of the library, found where ops are declared: each is an export of a file in src/graph/ops. */
import type { OpDefinition } from "../../src/graph/op.ts";

const modules = import.meta.glob<object>("../../src/graph/ops/*.ts", { eager: true });

function isOpDefinition(value: object): value is OpDefinition {
  return "name" in value && typeof value.name === "string" && "infer" in value && typeof value.infer === "function";
}

/** Ops among exported values, and within exported tables of them. */
function opsIn(value: unknown): OpDefinition[] {
  if (typeof value !== "object" || value === null) return [];
  return isOpDefinition(value) ? [value] : Object.values(value).flatMap(opsIn);
}

/** By their names. */
export function allOps(): ReadonlyMap<string, OpDefinition> {
  return new Map(
    Object.values(modules)
      .flatMap((module) => opsIn({ ...module }))
      .map((op) => [op.name, op]),
  );
}
