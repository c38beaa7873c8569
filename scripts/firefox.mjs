/**
 * Finds a Firefox and opens pages in it, headless, with WebGPU on. It needs no driver program: a page that has
 * something to say sends it to the server that it came from.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";

const NAMES = ["firefox-esr", "firefox", "firefox-developer-edition", "firefox-nightly"];
const ELSEWHERE = [
  "/Applications/Firefox.app/Contents/MacOS/firefox",
  "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
  "C:\\Program Files (x86)\\Mozilla Firefox\\firefox.exe",
];

/** Mesa's software GPU, as Debian's mesa-vulkan-drivers installs it. */
const LAVAPIPE = ["x86_64", "aarch64"].map((cpu) => `/usr/share/vulkan/icd.d/lvp_icd.${cpu}.json`);

export class FirefoxMissingError extends Error {
  name = "FirefoxMissingError";
}

const PREFERENCES = {
  "dom.webgpu.enabled": true,
  "gfx.webgpu.ignore-blocklist": true,
  // A camera of a picture that moves, for every page.
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  // A background page must not be slowed down, nor the browser do anything of its own.
  "dom.min_background_timeout_value": 4,
  "dom.ipc.processHangMonitor": false,
  "dom.max_script_run_time": 0,
  "browser.shell.checkDefaultBrowser": false,
  "browser.aboutwelcome.enabled": false,
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
};

/** The path of a Firefox; throws FirefoxMissingError with what to install. */
export function findFirefox() {
  if (process.env.CORTEZA_FIREFOX) return process.env.CORTEZA_FIREFOX;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...ELSEWHERE];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found) return found;
  throw new FirefoxMissingError(
    "There is no Firefox here. On Debian: sudo apt-get update && sudo apt-get install -y firefox-esr mesa-vulkan-drivers; " +
      "elsewhere install Firefox, or set CORTEZA_FIREFOX to one.",
  );
}

/**
 * Software, unless CORTEZA_ADAPTER=hardware asks for the machine's own driver, so that results do not depend on it: Mesa's
 * where it is installed, a second driver beside SwiftShader; else what vulkan.mjs found for Node.
 */
function driver() {
  if (process.env.CORTEZA_ADAPTER === "hardware") return {};
  const icd = LAVAPIPE.find((path) => existsSync(path));
  return icd === undefined ? {} : { VK_ICD_FILENAMES: icd, LD_LIBRARY_PATH: "" };
}

/** The driver's file, which Firefox itself does not name: "lvp_icd.x86_64.json"; undefined on the machine's own driver. */
export function driverName() {
  const icd = driver().VK_ICD_FILENAMES ?? process.env.VK_ICD_FILENAMES;
  return icd === undefined ? undefined : basename(icd);
}

/**
 * Opens `url` in a Firefox with a profile of its own: `profile` is its folder, `preferences` come on top of those of all
 * tests, `args` are more of its command line's. `gone` settles when Firefox is no longer there, with its exit code; `close()`
 * ends it and removes the profile.
 *
 * @param {string} url
 * @param {{ preferences?: Readonly<Record<string, boolean | number | string>>; args?: readonly string[] }} options
 */
export async function openInFirefox(url, { preferences = {}, args = [] } = {}) {
  const executable = findFirefox();
  const profile = await mkdtemp(join(tmpdir(), "corteza-firefox-"));
  const lines = Object.entries({ ...PREFERENCES, ...preferences }).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
  );
  await writeFile(join(profile, "user.js"), `${lines.join("\n")}\n`);
  const firefox = spawn(executable, ["--headless", "--no-remote", "--profile", profile, ...args, url], {
    stdio: "ignore",
    env: { ...process.env, XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? profile, ...driver() },
  });
  const gone = new Promise((settle) => {
    firefox.on("exit", (code, signal) => settle(`Firefox ended (${signal ?? `exit code ${code}`})`));
    firefox.on("error", (error) => settle(`Firefox did not start: ${error.message}`));
  });
  return {
    profile,
    gone,
    async close() {
      firefox.kill();
      const patience = setTimeout(() => firefox.kill("SIGKILL"), 5000);
      await gone;
      clearTimeout(patience);
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
