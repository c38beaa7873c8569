/** "corteza/node": what Corteza can do in Node alone. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { pid } from "node:process";
import type { TuningStore } from "./webgpu/tuning_store.ts";

export { type ImportControl, importControl } from "./data/pictures/control.ts";
export { ImageFolderError } from "./data/pictures/folder_error.ts";
export type {
  ImageDataset,
  ImageFolderOptions,
  ImportProgress,
  ImportReport,
  SkippedFile,
  SkipReason,
} from "./data/pictures/types.ts";
export { imageFolder } from "./node_pictures.ts";

/**
 * Remembers in a JSON file which kernels were fastest, for `webgpu({ autotune: { store } })`. A file that is missing or
 * holds something else counts as empty; folders are made as needed. Processes that write at once may lose an entry, never
 * the file.
 */
export function fileTuningStore(path: string): TuningStore {
  const read = async (): Promise<Record<string, unknown>> => {
    try {
      const found: unknown = JSON.parse(await readFile(path, "utf8"));
      return typeof found === "object" && found !== null && !Array.isArray(found) ? { ...found } : {};
    } catch {
      return {};
    }
  };
  let writing: Promise<void> = Promise.resolve();
  return {
    async get(key) {
      await writing.catch(() => undefined);
      const value = (await read())[key];
      return typeof value === "string" ? value : undefined;
    },
    set(key, value) {
      writing = writing
        .catch(() => undefined)
        .then(async () => {
          await mkdir(dirname(path), { recursive: true });
          const whole = `${path}.${pid}.new`;
          await writeFile(whole, `${JSON.stringify({ ...(await read()), [key]: value }, null, 2)}\n`);
          await rename(whole, path);
        });
      return writing;
    },
  };
}
