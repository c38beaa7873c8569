import { spawnSync } from "node:child_process";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { CAMERA_FLAGS, chromiumFlags, findChromium } from "./scripts/chromium.mjs";
import { conformanceFiles } from "./scripts/conformance-plugin.mjs";
import { installedFirefox } from "./scripts/firefox-provider.mjs";
import { vulkanEnvironment } from "./scripts/vulkan.mjs";

// Dawn's driver must be named before a process starts; test workers inherit this, so plain `npx vitest` works too.
Object.assign(process.env, vulkanEnvironment());

/**
 * Groups run one after the other, in this order. 0 would not do: vitest runs projects of one worker without an order of
 * their own at the very end.
 */
const [EARLY, TOGETHER, LAST] = [1, 2, 3];

/** Builds and serves the demo, once for all tests of whole pages. */
const DEMO_SITE = "test/support/demo_site.ts";

/**
 * Everything, where otherwise a third is tried; or a third of one's own. By default each commit has its third, the next one
 * another: what passed at a commit passes there again, on another day as on another machine.
 */
const whole = Boolean(process.env["CORTEZA_WHOLE"]);
process.env["CORTEZA_THIRD"] ??= String(commitsSoFar());
const third = Number(process.env["CORTEZA_THIRD"]) % 3;

/** How many commits lead to this one; 0 where there is no git. */
function commitsSoFar(): number {
  const { stdout } = spawnSync("git", ["rev-list", "--count", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" });
  return Number(stdout) || 0;
}

/** The same choice, for tests in browsers. */
const SHARE = { CORTEZA_THIRD: String(third), ...(whole ? { CORTEZA_WHOLE: "1" } : {}) };

/** A third of a list, or all of it; another `turn` gives another third. */
const thirdOf = (names: readonly string[], turn: number): readonly string[] =>
  names.filter((_, index) => whole || index % 3 === (third + turn) % 3);

const filesOf = (names: readonly string[]): string[] => names.map((name) => `test/**/${name}.{gpu,backends}.test.ts`);

/**
 * Tests of graphs, which Node runs all. In Chromium they go through the same code on the same driver, and a third of them is
 * tried; the tests that it always runs are about what a page has by itself: whole trainings, workers, canvases, waiting for
 * the GPU, profiles. Another third is tried with the traits of hardware. Long files stand apart.
 */
const GRAPHS: readonly string[] = [
  ...["agreement", "conformance", "shaders", "op_types", "shape_ops", "non_finite", "several", "losses", "answers"],
  ...["divergence", "batch_norm", "residual", "runs", "pointwise", "autotune", "in_place", "inspect", "prepare"],
  ...["quick_start", "augment_images", "recompute", "regularized_training", "own_metrics", "operations"],
  ...["streaming", "large_data"],
];

/** Of what holds for every backend: a page tries all of it on WebAssembly, and a third on WebGPU, where Node tries all. */
const EVERY_BACKEND: readonly string[] = [
  ...["micro_batches", "mixing", "features", "adapt_normalization", "preview_augmentation", "diverging"],
  "zero_padded_pooling",
];
const IN_TURNS = [...GRAPHS, ...EVERY_BACKEND];

/** Left out of them: what chooses no kernel by the device, or takes too long there. A profile measures the device. */
const ON_HARDWARE = [...GRAPHS.filter((name) => !["shaders", "conformance", "quick_start"].includes(name)), "profile"];

/** How long `expect.poll` waits: a busy machine takes its time, and 1 s, the default, ended tests of pages that were right. */
const PATIENT = { expect: { poll: { timeout: 30_000 } } };

/** Files at a time in Node; what runs together must agree on it. */
const WORKERS = 2;

/** Tests of whole pages that hold times: they run when nothing else does. */
const TIMED = ["test/page/offline.test.ts", "test/page/train.test.ts"];

/** Tests that hold for every backend, which the project chooses (test/support/backend.ts). */
const BACKENDS = "test/**/*.backends.test.ts";
/** Tests on WebGPU: in Node as in browsers. */
const ON_GPU = ["test/**/*.gpu.test.ts", BACKENDS];
/** Tests of the floors below and beside the GPU's. They leave nothing behind in a process, so that one process runs many. */
const PLAIN = ["core", "cpu", "data", "demo", "formats", "graph", "nn", "train"].map(
  (folder) => `test/${folder}/**/!(*.gpu|*.backends|*.browser).test.ts`,
);
const IN_BROWSERS = ["test/**/*.browser.test.ts", "test/page/**", "test/firefox/**", "test/webkit/**"];

/** Headers of a page that is cross-origin isolated, and yet may load pictures of another origin. */
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "credentialless" };

/** Files that take a minute or more, longest first. One that began last would keep one core busy and let the other wait. */
const LONG = [
  ...[
    "page/draw",
    "page/demo",
    "webgpu/agreement.gpu",
    "page/mistyped",
    "webgpu/tiles.gpu",
    "page/accessibility",
    "page/plain_html",
  ],
  ...["package/bytes", "page/layout", "page/mistakes", "train/contract_worker_webgpu.gpu", "page/settings"],
].map((name) => `/test/${name}.test.ts`);

/** Long files first; the rest as Vitest would have it. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((name) => moduleId.endsWith(name));
      return place < 0 ? LONG.length : place;
    };
    // The sort is stable; which group comes first is not decided here.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** What WebAssembly is held to, in a page as in Node: its contracts, conformance, oracles, random shapes, and what holds for every backend. */
const ON_WASM = ["test/wasm/**/*.test.ts", BACKENDS];
/** Left out of that in a page: what starts threads of Node, and what the project beside it runs. */
const NOT_IN_PAGES = ["test/wasm/threads.test.ts", "test/wasm/*.browser.test.ts"];

/** The same in Firefox. */
const firefoxWasm = (): TestProjectInlineConfiguration => ({
  ...FIREFOX,
  test: {
    ...FIREFOX.test,
    name: "firefox-wasm",
    include: ON_WASM,
    exclude: NOT_IN_PAGES,
    provide: { backend: "wasm" },
  },
});

/** The GPU tests and those that need a document, inside Firefox. */
const FIREFOX: TestProjectInlineConfiguration = {
  plugins: [conformanceFiles()],
  test: {
    name: "firefox",
    include: [...ON_GPU, "test/**/*.browser.test.ts"],
    provide: { backend: "webgpu" },
    env: SHARE,
    ...PATIENT,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    sequence: { groupOrder: LAST },
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
    globalSetup: DEMO_SITE,
    ...PATIENT,
    testTimeout: 400_000,
    hookTimeout: 240_000,
    fileParallelism: false,
    sequence: { groupOrder: LAST },
  },
};

/** The demo in WebKitGTK, from end to end. */
const WEBKIT: TestProjectInlineConfiguration = {
  test: {
    name: "webkit",
    include: ["test/webkit/**/*.test.ts"],
    globalSetup: DEMO_SITE,
    ...PATIENT,
    testTimeout: 400_000,
    hookTimeout: 240_000,
    fileParallelism: false,
    sequence: { groupOrder: LAST },
  },
};

/**
 * GPU tests on SwiftShader as on a graphics card (`hardware`), and as on the smallest device that WebGPU has (`hardware-small`):
 * test/support/gpu.ts says what that is. Kernels choose other tiles and algorithms there. On request all of them,
 * `--project "hardware*"`; in every run a third of those that tell most.
 */
function hardware(name: "hardware" | "hardware-small"): TestProjectInlineConfiguration {
  const asked = asksFor("hardware");
  return {
    test: {
      name,
      include: asked ? ON_GPU : filesOf(thirdOf(ON_HARDWARE, 1)),
      // The one compiles for devices of its own list, larger ones too; the other is about software.
      exclude: filesOf(["shaders", "quick_start"]),
      provide: { backend: "webgpu" },
      env: {
        CORTEZA_TRAITS: name === "hardware" ? "hardware" : "small",
        ...(asked ? { CORTEZA_WHOLE: "1" } : {}),
      },
      ...PATIENT,
      testTimeout: 600_000,
      hookTimeout: 120_000,
      maxWorkers: WORKERS,
      sequence: { groupOrder: TOGETHER },
    },
  };
}

/** Tests inside Chromium; the page may share memory with workers. */
function inChromium(
  name: string,
  include: string[],
  backend: "webgpu" | "wasm",
  exclude: string[],
  groupOrder = TOGETHER,
): TestProjectInlineConfiguration {
  return {
    plugins: [conformanceFiles()],
    server: { headers: ISOLATED },
    test: {
      name,
      include,
      exclude,
      provide: { backend },
      env: SHARE,
      ...PATIENT,
      testTimeout: 600_000,
      hookTimeout: 120_000,
      maxWorkers: WORKERS,
      sequence: { groupOrder },
      browser: {
        enabled: true,
        // One page at a time: a second one would wait for the same GPU process.
        fileParallelism: false,
        headless: true,
        screenshotFailures: false,
        instances: [{ browser: "chromium" }],
        provider: playwright({
          launchOptions: {
            executablePath: findChromium(),
            args: [...chromiumFlags({ canvas: true }), ...CAMERA_FLAGS],
          },
        }),
      },
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
 * Eight projects in every run. One alone: `npm test -- --project chromium`; one file: `npm test -- test/webgpu/adapter.gpu.test.ts`.
 * Most of their time is one core compiling shaders: two files run side by side in Node, pages of whole demos among them, and
 * one beside them in Chromium. The page on WebAssembly is beside what needs no GPU, since two pages at a time would be slow.
 * The pages that are timed come afterwards, alone.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      // A second implementation of WGSL, on request: it takes as long again, and few have it installed.
      ...(asksFor("firefox") ? [FIREFOX, firefoxWasm(), FIREFOX_PAGE] : []),
      ...(asksFor("webkit") ? [WEBKIT] : []),
      hardware("hardware"),
      ...(asksFor("hardware") ? [hardware("hardware-small")] : []),
      {
        test: {
          name: "plain",
          include: [...PLAIN, BACKENDS],
          exclude: IN_BROWSERS,
          provide: { backend: "cpu" },
          isolate: false,
          ...PATIENT,
          testTimeout: 600_000,
          hookTimeout: 120_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: EARLY },
        },
      },
      {
        // The same tests of every backend, on WebAssembly.
        test: {
          name: "wasm",
          include: ["test/wasm/**/*.test.ts", BACKENDS],
          exclude: IN_BROWSERS,
          provide: { backend: "wasm" },
          isolate: false,
          ...PATIENT,
          testTimeout: 600_000,
          hookTimeout: 120_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: EARLY },
        },
      },
      {
        // Everything else that runs without a browser; WebGPU is Dawn.
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: [...PLAIN, ...IN_BROWSERS, "test/wasm/**"],
          provide: { backend: "webgpu" },
          ...PATIENT,
          testTimeout: 600_000,
          hookTimeout: 120_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: TOGETHER },
        },
      },
      inChromium("chromium", [...ON_GPU, "test/**/*.browser.test.ts"], "webgpu", [
        // Each kernel by itself is Node's business; here whole graphs and training go through the same kernels.
        ...[
          "test/webgpu/kernels_*.gpu.test.ts",
          "test/webgpu/conv2d_kernels.gpu.test.ts",
          "test/webgpu/tiles.gpu.test.ts",
        ],
        // A page without a GPU has WebAssembly; the CPU backend is Node's business, too.
        "test/train/contract_*_cpu.gpu.test.ts",
        ...filesOf(IN_TURNS.filter((name) => !thirdOf(IN_TURNS, 0).includes(name))),
      ]),
      inChromium("chromium-wasm", ON_WASM, "wasm", NOT_IN_PAGES, EARLY),
      {
        // Whole pages from end to end: tests in Node that start browsers themselves (test/support/browser.ts).
        test: {
          name: "page",
          include: ["test/page/**/*.test.ts"],
          exclude: TIMED,
          globalSetup: DEMO_SITE,
          ...PATIENT,
          testTimeout: 400_000,
          hookTimeout: 240_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: TOGETHER },
        },
      },
      {
        test: {
          name: "page-timed",
          include: TIMED,
          globalSetup: DEMO_SITE,
          ...PATIENT,
          testTimeout: 400_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          sequence: { groupOrder: LAST },
        },
      },
    ],
  },
});
