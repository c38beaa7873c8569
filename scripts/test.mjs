/**
 * `npm test [-- vitest arguments]`: installs what is missing, then runs every test, in Node on Dawn and in a real
 * Chromium. The last line is `N passed, N failed`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ensureChromium } from "./chromium.mjs";
import { installPackages } from "./install.mjs";

installPackages();
const chromium = ensureChromium();
const { prepareData } = await import("./prepare-data.mjs");
prepareData();

const folder = mkdtempSync(join(tmpdir(), "corteza-test-"));
const report = join(folder, "report.json");
const vitest = resolve(import.meta.dirname, "../node_modules/vitest/vitest.mjs");
const { status } = spawnSync(
  process.execPath,
  [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...process.argv.slice(2)],
  {
    cwd: resolve(import.meta.dirname, ".."),
    stdio: "inherit",
    env: { ...process.env, CORTEZA_CHROMIUM: chromium },
  },
);
let passed = 0;
let failed = 1;
try {
  const results = JSON.parse(readFileSync(report, "utf8"));
  passed = results.numPassedTests;
  // A file that could not even be loaded has no tests to count, but it is a failure.
  failed = Math.max(results.numFailedTests, results.numFailedTestSuites > 0 || status !== 0 ? 1 : 0);
} catch {
  console.error("The tests wrote no report.");
}
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
