/** Finds a Chromium for tests; on Debian and Ubuntu, as root, installs one where there is none. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
const ELSEWHERE = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** Flags with which a Chromium without a GPU offers WebGPU, on SwiftShader. */
export const WEBGPU_FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/** With which it also presents WebGPU in a canvas; without them its GPU process falls over when a page tries. */
export const CANVAS_FLAGS = ["--use-angle=swiftshader", "--use-vulkan=swiftshader"];

/** With which it has a camera of a picture that moves, and gives it to every page. */
export const CAMERA_FLAGS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

/** Flags for any test browser: no sandbox (containers run as root), no traffic of its own. */
export const QUIET_FLAGS = [
  "--no-sandbox",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * What tests and screenshots start Chromium with. With CORTEZA_ADAPTER=hardware the page gets the machine's own GPU;
 * without `webgpu`, a machine without a GPU gets navigator.gpu but no adapter, as many people do. With `canvas` WebGPU can
 * draw into canvases on SwiftShader too.
 */
export function chromiumFlags({ webgpu = true, canvas = false } = {}) {
  if (!webgpu) return QUIET_FLAGS;
  const hardware = process.env.CORTEZA_ADAPTER === "hardware";
  if (canvas && !hardware) return [...chromiumFlags(), ...CANVAS_FLAGS];
  return [...QUIET_FLAGS, ...WEBGPU_FLAGS.filter((flag) => !(hardware && flag.startsWith("--use-webgpu-adapter")))];
}

export function findChromium() {
  if (process.env.CORTEZA_CHROMIUM) return process.env.CORTEZA_CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...ELSEWHERE];
  return candidates.find((candidate) => existsSync(candidate));
}

/** The path of a Chromium, installing Debian's where that is possible; exits with what to type where it is not. */
export function ensureChromium() {
  const found = findChromium();
  if (found) return found;
  const debian = existsSync("/etc/debian_version");
  if (debian && process.getuid?.() === 0) {
    console.log("Installing Debian's chromium for the browser tests …");
    const quiet = {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    };
    spawnSync("apt-get", ["update", "-qq"], quiet);
    spawnSync("apt-get", ["install", "-y", "-qq", "chromium"], quiet);
    const installed = findChromium();
    if (installed) return installed;
  }
  const how = debian ? "sudo apt-get update && sudo apt-get install -y chromium" : "install Chrome, Chromium or Edge";
  console.error(`The tests need a Chromium: ${how}, or set CORTEZA_CHROMIUM to one.`);
  process.exit(1);
}
