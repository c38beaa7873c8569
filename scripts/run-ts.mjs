/**
 * Runs a TypeScript file of this project in Node through Vite, which knows `?raw` imports of shaders:
 *
 *     node scripts/run-ts.mjs scripts/train.ts --epochs 1
 *
 * Dawn needs a Vulkan driver, which must be named before the process starts: this script restarts itself with it.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { installPackages } from "./install.mjs";
import { vulkanEnvironment } from "./vulkan.mjs";

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node scripts/run-ts.mjs FILE.ts [ARG ...]");
  process.exit(2);
}

if (process.env.CORTEZA_VULKAN_READY === undefined) {
  installPackages();
  const environment = { ...process.env, ...vulkanEnvironment(), CORTEZA_VULKAN_READY: "1" };
  const { status, signal } = spawnSync(process.execPath, process.argv.slice(1), { stdio: "inherit", env: environment });
  process.exit(signal ? 1 : (status ?? 1));
}

const { createServer } = await import("vite");
const server = await createServer({
  configFile: false,
  root: resolve(import.meta.dirname, ".."),
  logLevel: "error",
  appType: "custom",
  server: { middlewareMode: true, watch: null, hmr: false, ws: false },
  optimizeDeps: { noDiscovery: true, include: [] },
});
process.argv = [process.argv[0], pathToFileURL(resolve(file)).pathname, ...args];
try {
  await server.ssrLoadModule(resolve(file));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await server.close();
}
