/** `npm run check`: types, lint and format, floors of the house, docstrings, supported browsers, every shader compiles. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { ensureChromium } from "./chromium.mjs";
import { installPackages } from "./install.mjs";

installPackages();
// Shaders compile on Dawn, whose software adapter comes with Chromium.
ensureChromium();
const root = resolve(import.meta.dirname, "..");
const bin = (path) => resolve(root, "node_modules", path);
// Remembers what was checked, so that the next run checks only what changed.
const INCREMENTAL = ["--incremental", "--tsBuildInfoFile", "node_modules/.cache/types.tsbuildinfo"];
const STEPS = [
  ["types", [bin("typescript/bin/tsc"), "--noEmit", "-p", ".", ...INCREMENTAL]],
  ["lint and format", [bin("@biomejs/biome/bin/biome"), "check", "."]],
  ["floors", ["scripts/check-floors.mjs"]],
  ["docstrings", ["scripts/check-docs.mjs"]],
  ["browsers", ["scripts/check-browsers.mjs"]],
  [
    "shaders",
    [bin("vitest/vitest.mjs"), "run", "--project", "node", "--reporter=dot", "test/webgpu/shaders.gpu.test.ts"],
  ],
];
let failed = 0;
for (const [name, command] of STEPS) {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, command, {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) failed++;
  console.log(`${status === 0 ? "✓" : "✗"} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}
process.exit(failed > 0 ? 1 : 0);
