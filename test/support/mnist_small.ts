/** The 2,500 digits that the page opens with. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Dataset, gunzip, idx } from "../../src/index.ts";

/** The 2,000 digits to train on, or the 500 held out; "all" of those are the 10,000 that they were taken from. */
export async function mnistSmall(part: "train" | "test" | "all"): Promise<Dataset> {
  const prefix = part === "all" ? "mnist-test" : `mnist-small-${part}`;
  const read = async (name: string) =>
    gunzip(await readFile(resolve(import.meta.dirname, `../../public/data/${prefix}-${name}-ubyte.gz`)));
  return idx({ images: await read("images.idx3"), labels: await read("labels.idx1") });
}
