import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { chromiumFlags, findChromium } from "./scripts/chromium.mjs";
import { conformanceFiles } from "./scripts/conformance-plugin.mjs";
import { installedFirefox } from "./scripts/firefox-provider.mjs";
import { vulkanEnvironment } from "./scripts/vulkan.mjs";

// Dawn's driver must be named before a process starts; test workers inherit this, so plain `npx vitest` works too.
Object.assign(process.env, vulkanEnvironment());

/** The GPU tests and those that need a document, inside Firefox. */
const FIREFOX: TestProjectInlineConfiguration = {
  plugins: [conformanceFiles()],
  test: {
    name: "firefox",
    include: ["test/gpu/**/*.test.ts", "test/**/*.browser.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: "firefox" }],
      provider: installedFirefox(),
    },
  },
};

/** The demo in Firefox, from end to end. */
const FIREFOX_PAGE: TestProjectInlineConfiguration = {
  test: {
    name: "firefox-page",
    include: ["test/firefox/**/*.test.ts"],
    testTimeout: 400_000,
    hookTimeout: 240_000,
    fileParallelism: false,
    sequence: { groupOrder: 2 },
  },
};

/** The demo in WebKitGTK, from end to end. */
const WEBKIT: TestProjectInlineConfiguration = {
  test: {
    name: "webkit",
    include: ["test/webkit/**/*.test.ts"],
    testTimeout: 400_000,
    hookTimeout: 240_000,
    fileParallelism: false,
    sequence: { groupOrder: 2 },
  },
};

/**
 * GPU tests on SwiftShader as on a graphics card (`hardware`), and as on the smallest device that WebGPU has (`hardware-small`):
 * test/support/gpu.ts says what that is. Kernels choose other tiles and algorithms there. On request all of them,
 * `--project "hardware*"`; in every run those that tell most.
 */
function hardware(name: "hardware" | "hardware-small", telling: readonly string[]): TestProjectInlineConfiguration {
  const whole = asksFor("hardware");
  return {
    test: {
      name,
      include: whole ? ["test/gpu/**/*.test.ts"] : telling.map((file) => `test/gpu/${file}.test.ts`),
      env: {
        CORTEZA_TRAITS: name === "hardware" ? "hardware" : "small",
        ...(whole ? { CORTEZA_WHOLE: "1" } : {}),
      },
      testTimeout: 600_000,
      hookTimeout: 120_000,
      fileParallelism: false,
      sequence: { groupOrder: 0 },
    },
  };
}

/** Whether the command line asks for a project that only runs on request. */
const asksFor = (name: string): boolean =>
  process.argv.some((word, index) => {
    const [, wanted] = /^(?:--project=)?(.+)$/.exec(word) ?? [];
    const isProject = word.startsWith("--project=") || process.argv[index - 1] === "--project";
    return isProject && wanted?.startsWith(name) === true;
  });

/**
 * Four projects in every run. One alone: `npm test -- --project chromium`; one file: `npm test -- test/gpu/adapter.test.ts`.
 * One file at a time in each. Node and Chromium run side by side, since most of their time is one core compiling
 * shaders; whole pages come afterwards, alone, because they are timed.
 */
export default defineConfig({
  test: {
    projects: [
      // A second implementation of WGSL, on request: it takes as long again, and few have it installed.
      ...(asksFor("firefox") ? [FIREFOX, FIREFOX_PAGE] : []),
      ...(asksFor("webkit") ? [WEBKIT] : []),
      hardware("hardware", ["non_finite"]),
      ...(asksFor("hardware") ? [hardware("hardware-small", [])] : []),
      {
        // Everything that runs without a browser; WebGPU is Dawn.
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.browser.test.ts", "test/page/**", "test/firefox/**", "test/webkit/**"],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // The same GPU tests, and those that need a document, inside Chromium.
        plugins: [conformanceFiles()],
        test: {
          name: "chromium",
          include: ["test/gpu/**/*.test.ts", "test/**/*.browser.test.ts"],
          // Each kernel by itself is Node's business; here whole graphs and training go through the same kernels.
          exclude: ["test/gpu/kernels_*.test.ts", "test/gpu/conv2d_kernels.test.ts", "test/gpu/tiles.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 0 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: "chromium" }],
            provider: playwright({
              launchOptions: { executablePath: findChromium(), args: chromiumFlags({ canvas: true }) },
            }),
          },
        },
      },
      {
        // Whole pages from end to end: tests in Node that start browsers themselves (test/support/browser.ts).
        test: {
          name: "page",
          include: ["test/page/**/*.test.ts"],
          testTimeout: 400_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
