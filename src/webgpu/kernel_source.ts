import { InternalError } from "../core/errors.ts";
import type { KernelSpec } from "./kernel.ts";
import { preprocess } from "./preprocess.ts";
import { shaderIncludes } from "./shaders.ts";

/** A storage variable as shaders write it: without its place and its access, which the kernel's bindings say. */
const STORAGE_VARIABLE = /^([ \t]*)var<storage>[ \t]+(\w+)[ \t]*:/gm;

/**
 * The WGSL of a kernel: its shader, specialised, with `@group(0) @binding(n)` and the access mode of every storage variable
 * by the kernel's bindings. `common` are the texts that every shader may include. Throws an `InternalError` unless both have the
 * same names.
 */
export function kernelSource(
  { name, shader, includes, constants, bindings }: KernelSpec,
  common: Readonly<Record<string, string>> = shaderIncludes,
): string {
  const names = Object.keys(bindings);
  const declared = new Set<string>();
  const source = preprocess(shader, constants, { ...common, ...includes }).replace(
    STORAGE_VARIABLE,
    (_, indent: string, variable: string) => {
      const access = bindings[variable];
      if (access === undefined) {
        throw new InternalError(
          `kernel "${name}": its shader declares var<storage> ${variable}, which is none of its bindings ` +
            `(${names.join(", ")}); add it to them, or drop it from the shader.`,
        );
      }
      declared.add(variable);
      const mode = access === "read" ? "read" : "read_write";
      return `${indent}@group(0) @binding(${names.indexOf(variable)}) var<storage, ${mode}> ${variable}:`;
    },
  );
  const missing = names.find((binding) => !declared.has(binding));
  if (missing !== undefined) {
    throw new InternalError(
      `kernel "${name}": its shader declares no var<storage> ${missing}, which its bindings have ` +
        `(${names.join(", ")}); declare it, or drop the binding.`,
    );
  }
  return source;
}
