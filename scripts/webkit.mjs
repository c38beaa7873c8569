/**
 * Finds WebKitGTK's MiniBrowser and its driver and opens a window of it on a screen of its own (Xvfb), driven by WebDriver
 * ("classic", W3C) over plain HTTP. The nearest that Linux has to Safari: the same engine, but without WebGPU.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export class WebKitMissingError extends Error {
  name = "WebKitMissingError";
}

/** How long one command may take: a page that computes answers late. */
const COMMAND_MILLISECONDS = 120_000;

function find(what, candidates, name) {
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found) return found;
  throw new WebKitMissingError(
    `There is no ${what} here. On Debian: sudo apt-get update && sudo apt-get install -y webkit2gtk-driver xvfb; ` +
      `elsewhere name one by ${name}.`,
  );
}

const inPath = (name) => (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));

function findMiniBrowser() {
  if (process.env.CORTEZA_WEBKIT) return process.env.CORTEZA_WEBKIT;
  const libraries = ["/usr/lib", "/usr/libexec"].filter((folder) => existsSync(folder));
  const folders = libraries.flatMap((folder) => [
    folder,
    ...readdirSync(folder)
      .filter((name) => name.endsWith("-linux-gnu"))
      .map((name) => join(folder, name)),
  ]);
  const versions = ["webkitgtk-6.0", "webkit2gtk-4.1", "webkit2gtk-4.0"];
  const candidates = folders.flatMap((folder) => versions.map((version) => join(folder, version, "MiniBrowser")));
  return find("WebKitGTK MiniBrowser", candidates, "CORTEZA_WEBKIT");
}

/** A screen that nobody sees: its name, and how to end it. With CORTEZA_DISPLAY=1 the window opens on the real one. */
async function openScreen(width, height) {
  if (process.env.CORTEZA_DISPLAY) return { display: process.env.DISPLAY, close: async () => undefined };
  const xvfb = find("Xvfb", inPath("Xvfb"), "PATH");
  const server = spawn(xvfb, ["-displayfd", "3", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const number = await new Promise((resolve, reject) => {
    let text = "";
    server.stdio[3].on("data", (data) => {
      text += data;
      if (text.includes("\n")) resolve(text.trim());
    });
    server.on("error", reject);
    server.on("exit", (code) => reject(new Error(`Xvfb ended with exit code ${code}.`)));
  });
  return { display: `:${number}`, close: () => endProcess(server) };
}

/** Ends a process that was started here. */
async function endProcess(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  const patience = setTimeout(() => child.kill("SIGKILL"), 5000);
  await gone;
  clearTimeout(patience);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Opens a window. `locale` is what the browser takes its language from. `send` gives WebDriver's commands to the session,
 * by their path ("/url"); `close()` ends the browser, its driver and its screen.
 *
 * @param {{ width?: number; height?: number; locale?: string }} options
 */
export async function openWebKit({ width = 1280, height = 900, locale = "en_US.UTF-8" } = {}) {
  const binary = findMiniBrowser();
  const driverPath = find("WebKitWebDriver", inPath("WebKitWebDriver"), "PATH");
  // A window's frame takes some of the screen.
  const screen = await openScreen(width + 100, height + 200);
  const home = await mkdtemp(join(tmpdir(), "corteza-webkit-"));
  const port = await freePort();
  const driver = spawn(driverPath, [`--port=${port}`], {
    stdio: "ignore",
    env: {
      ...process.env,
      DISPLAY: screen.display,
      GDK_BACKEND: "x11",
      LANG: locale,
      LC_ALL: locale,
      LANGUAGE: "",
      // A profile that begins empty and goes away.
      HOME: home,
      XDG_CACHE_HOME: join(home, "cache"),
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_DATA_HOME: join(home, "data"),
      XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? home,
      LIBGL_ALWAYS_SOFTWARE: "1",
    },
  });
  const end = async () => {
    await endProcess(driver);
    await screen.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const base = `http://127.0.0.1:${port}`;
    await untilReady(base);
    const { sessionId, capabilities } = await command(base, "POST", "/session", {
      capabilities: {
        alwaysMatch: {
          "webkitgtk:browserOptions": {
            binary,
            args: ["--automation"],
          },
          timeouts: { script: COMMAND_MILLISECONDS, pageLoad: COMMAND_MILLISECONDS },
        },
      },
    });
    /** @type {(method: "GET" | "POST" | "DELETE", path: string, body?: object) => Promise<unknown>} */
    const send = (method, path, body) => command(base, method, `/session/${sessionId}${path}`, body);
    await send("POST", "/window/rect", { x: 0, y: 0, width, height });
    return {
      /** "2.50.6" */
      version: String(capabilities.browserVersion),
      send,
      async close() {
        await send("DELETE", "").catch(() => undefined);
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function untilReady(base) {
  for (let attempt = 0; ; attempt++) {
    try {
      if ((await command(base, "GET", "/status")).ready) return;
    } catch (error) {
      if (attempt > 100) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function command(base, method, path, body) {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(COMMAND_MILLISECONDS),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`WebDriver ${method} ${path}: ${value?.error}: ${value?.message}`);
  return value;
}
