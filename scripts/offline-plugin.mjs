/**
 * Writes the built page's service worker, offline.js: demo/offline_worker.js with the list of the page's files and a
 * version that is their hash. The full data set is not among them: the page keeps that itself when somebody loads it.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";

const SOURCE = resolve(import.meta.dirname, "../demo/offline_worker.js");
const LARGE_DATA = /^data\/mnist-(train|test)-/;
const NAME = "offline.js";

export function offlinePage() {
  let folder = "";
  return {
    name: "corteza-offline-page",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      const files = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
        .filter((file) => file !== NAME && !LARGE_DATA.test(file))
        .sort();
      const hash = createHash("sha256");
      for (const file of files) hash.update(file).update(readFileSync(join(folder, file)));
      const urls = files.map((file) => (file === "index.html" ? "./" : `./${file}`));
      const worker = readFileSync(SOURCE, "utf8")
        .replace("__VERSION__", hash.digest("hex").slice(0, 16))
        .replace('["__FILES__"]', JSON.stringify(urls));
      writeFileSync(join(folder, NAME), worker);
    },
  };
}
