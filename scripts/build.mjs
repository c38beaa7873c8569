/**
 * `npm run build`: dist/ with ES modules, their types, and one self-contained file, corteza.min.js, which a plain page
 * imports without a server or a bundler.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { installPackages } from "./install.mjs";
import { makeTypesPortable } from "./portable-types.mjs";

installPackages();
const { buildLibrary } = await import("./library.mjs");
const root = resolve(import.meta.dirname, "..");
const dist = resolve(root, "dist");
rmSync(dist, { recursive: true, force: true });
await buildLibrary(dist);
const types = spawnSync(
  process.execPath,
  [resolve(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"],
  {
    cwd: root,
    stdio: "inherit",
  },
);
if (types.status !== 0) process.exit(1);
makeTypesPortable(dist);
for (const name of readdirSync(dist)) {
  const path = resolve(dist, name);
  if (!statSync(path).isFile() || !name.endsWith(".js")) continue;
  const bytes = readFileSync(path);
  console.log(
    `dist/${name}  ${(bytes.length / 1000).toFixed(1)} kB, ${(gzipSync(bytes, { level: 9 }).length / 1000).toFixed(1)} kB gzipped`,
  );
}
const whole = readFileSync(resolve(dist, "corteza.min.js"));
console.log(`corteza/min  integrity="sha384-${createHash("sha384").update(whole).digest("base64")}"`);
