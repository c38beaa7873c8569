import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Mutant, mutantsOf } from "./mutant.ts";
import { typescriptPlaces } from "./typescript_places.ts";
import { wgslPlaces } from "./wgsl_places.ts";

export const root = resolve(import.meta.dirname, "../..");

/** What is mutated, by the heading that the report gives it. */
const AREAS: Readonly<Record<string, (file: string) => boolean>> = {
  shaders: (file) => /^shaders\/.*\.wgsl$/.test(file),
  "shader preprocessor": (file) => file === "src/webgpu/preprocess.ts",
  "CPU kernels": (file) => file.startsWith("src/cpu/"),
  // Kernels, the rules that choose them, and what puts them together; who starts threads is another matter.
  "WebAssembly kernels": (file) => /^src\/wasm\/(kernels|rules|emit)\//.test(file),
  "shape and gradient rules": (file) => file.startsWith("src/graph/"),
  geometry: (file) => /^src\/core\/(shape|window_geometry|transposed_conv_geometry)\.ts$/.test(file),
};

export const areas = Object.keys(AREAS);

export function areaOf(file: string): string {
  return areas.find((area) => AREAS[area]?.(file)) ?? "";
}

/** All files that mutants may change, sorted, as paths from the project's root. */
export function mutatedFiles(): string[] {
  const files = ["shaders", "src"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map(
      (path) => `${folder}/${path.replaceAll("\\", "/")}`,
    ),
  );
  return files.filter((file) => /\.(ts|wgsl)$/.test(file) && areaOf(file) !== "").sort();
}

export function readSource(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** Every change that could be made to the file. */
export function possibleMutants(file: string, source = readSource(file)): Mutant[] {
  return mutantsOf(file, source, file.endsWith(".wgsl") ? wgslPlaces(source) : typescriptPlaces(source));
}
