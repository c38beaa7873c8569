/** No built file imports an entry: WebKit evaluates a module worker's file a second time when one does. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importsOfEntries } from "../../scripts/chunks.mjs";
import { buildLibrary } from "../../scripts/library.mjs";
import { buildDemo } from "../support/browser.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corteza-chunks-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the files of a build", () => {
  it("of the demo import neither the page's entry nor a worker's", async () => {
    const site = await buildDemo();
    try {
      const { entries, imports, forbidden } = importsOfEntries(site);
      // The page, the worker that trains, and the one that keeps the page for a visit without a network.
      expect(entries.map((name) => name.replace(/-[\w-]{8}\.js$/, ".js"))).toEqual(
        expect.arrayContaining(["assets/index.js", "assets/trainer_worker.js", "offline.js"]),
      );
      expect(imports.length).toBeGreaterThan(20);
      expect(forbidden).toEqual([]);
    } finally {
      await rm(site, { recursive: true, force: true });
    }
  });

  it("of the library import none of the modules that package.json exports", async () => {
    const dist = join(folder, "dist");
    await buildLibrary(dist);
    const { exports } = JSON.parse(await readFile("package.json", "utf8")) as {
      exports: Record<string, string | Record<string, string>>;
    };
    const exported = Object.values(exports)
      .flatMap((one) => (typeof one === "string" ? [] : Object.values(one)))
      .filter((name) => name.endsWith(".js"))
      .map((name) => name.replace("./dist/", ""));
    const { entries, imports, forbidden } = importsOfEntries(dist, exported);
    expect(entries).toEqual(
      expect.arrayContaining(["index.js", "worker/host.js", "production/index.js", "production/worker/host.js"]),
    );
    expect(imports.length).toBeGreaterThan(5);
    expect(forbidden).toEqual([]);
  });

  it("are found out where they import a worker's file, a page's script or an exported module", async () => {
    const site = join(folder, "planted");
    await mkdir(join(site, "assets"), { recursive: true });
    const write = (name: string, text: string) => writeFile(join(site, name), text);
    await write("index.html", `<script type="module" crossorigin src="./assets/page.js"></script>`);
    await write("assets/page.js", `new Worker("" + new URL("worker.js", import.meta.url).href, { type: "module" });`);
    await write("assets/worker.js", `export const a = 1; addEventListener("message", () => import("./late.js"));`);
    await write("assets/late.js", `import { a } from "./worker.js"; export { b } from "./page.js"; console.log(a);`);
    await write("assets/own.js", `const run = () => import("../library.js"); run();`);
    await write("library.js", `export const c = 3;`);
    expect(importsOfEntries(site, ["library.js"]).forbidden).toEqual([
      { from: "assets/late.js", to: "assets/worker.js" },
      { from: "assets/late.js", to: "assets/page.js" },
      { from: "assets/own.js", to: "library.js" },
    ]);
  });
});
