/**
 * The preset "pictures" of `npm run train` in PyTorch: the same pixels of the same folders, the same network, augmentation,
 * optimizer and schedule. What `npm run train -- --images DIR …` reaches is held against it (docs/pictures.md).
 *
 *     node scripts/run-ts.mjs bench/folders.ts --images DIR --validation DIR [--size 64] [--epochs 25] [--seeds 1,2,3]
 *                                              [--augment flip|none] [--threads 1]
 *
 * Needs a Python with PyTorch and NumPy (Debian: `apt-get install python3-torch`); `PYTHON` names another than /usr/bin/python3.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ImageDataset, imageFolder } from "../src/node.ts";

const { values: options } = parseArgs({
  options: {
    images: { type: "string" },
    validation: { type: "string" },
    size: { type: "string", default: "64" },
    epochs: { type: "string", default: "25" },
    seeds: { type: "string", default: "1,2,3" },
    augment: { type: "string", default: "flip" },
    threads: { type: "string", default: "1" },
  },
});
const { images, validation } = options;
if (images === undefined || validation === undefined) {
  console.error("bench/folders.ts needs --images DIR and --validation DIR.");
  process.exit(2);
}
const side = Number(options.size);
const folder = await mkdtemp(join(tmpdir(), "corteza-bench-folders-"));
try {
  const read = (path: string, classNames?: readonly string[]): Promise<ImageDataset> =>
    imageFolder(path, { size: [side, side], channels: 3, ...(classNames ? { classNames } : {}) });
  const training = await read(images);
  const parts = { training, validation: await read(validation, training.classNames) };
  for (const [name, data] of Object.entries(parts)) {
    if (!("images" in data)) throw new Error(`${name}: more pictures than fit in memory.`);
    await writeFile(join(folder, `${name}.pixels`), data.images as Uint8Array);
    await writeFile(join(folder, `${name}.labels`), Uint8Array.from(data.labels as ArrayLike<number>));
  }
  const python = process.env["PYTHON"] ?? "/usr/bin/python3";
  const script = join(import.meta.dirname, "folders_pytorch.py");
  const rest = ["size", "epochs", "seeds", "augment", "threads"].flatMap((name) => [
    `--${name}`,
    String(options[name as keyof typeof options]),
  ]);
  const { status } = spawnSync(python, [script, "--folder", folder, ...rest], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  await rm(folder, { recursive: true });
}
