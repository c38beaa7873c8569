/** Installs the npm packages where they are missing or older than the lock file. */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

export function installPackages() {
  const installed = resolve(root, "node_modules/.package-lock.json");
  const lock = resolve(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log("Installing npm packages …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    // Tests use an installed Chromium; nothing may download another.
    env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1" },
  });
  if (status !== 0) {
    console.error("npm ci failed; its output above says why.");
    process.exit(status ?? 1);
  }
}
