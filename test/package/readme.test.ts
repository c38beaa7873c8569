/** The programs in the README run as they stand there. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import * as corteza from "../../src/index.ts";

type Run<Left> = (
  names: typeof corteza & { cpu: typeof cpu; console: { log: (...values: unknown[]) => void } },
) => Promise<Left>;

/** Runs the program under a heading; what it prints, and what it leaves under these names. */
async function programOf<Left>(heading: string, left: readonly string[]): Promise<{ told: unknown[]; left: Left }> {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, section = ""] = readme.split(`\n## ${heading}\n`);
  const [, program = ""] = /```js\n([\s\S]*?)```/.exec(section) ?? [];
  const imported = [...program.matchAll(/^import \{([^}]*)\} from "corteza(\/cpu)?";$/gm)];
  expect(imported.length).toBe(2);
  const names = imported.flatMap(([, list]) => (list ?? "").split(",").map((name) => name.trim()));
  for (const name of names) expect(Object.keys({ ...corteza, cpu })).toContain(name);
  const body = program.replace(/^import \{[^}]*\} from "[^"]*";$/gm, "");
  const AsyncFunction = (async () => undefined).constructor as new (...parts: string[]) => Run<Left>;
  const results = `return { ${left.join(", ")} };`;
  const run = new AsyncFunction(`{ ${[...names, "console"].join(", ")} }`, `${body}\n${results}`);
  const told: unknown[] = [];
  const ran = await run({ ...corteza, cpu, console: { log: (...values) => told.push(...values) } });
  return { told, left: ran };
}

it("parts of one's own are made, trained, saved and opened again", async () => {
  const { told, left } = await programOf<{
    network: corteza.Model;
    again: corteza.Model;
    data: corteza.Dataset & { images: Float32Array };
  }>("Parts of your own", ["network", "again", "data"]);
  const { network, again, data } = left;
  // By chance a third.
  expect(told[0]).toBeGreaterThan(0.6);
  const outputs = await Promise.all(
    [network, again].map(async (one) => (await corteza.createPredictor(one, { backend: cpu() })).predict(data.images)),
  );
  expect(outputs[1]).toEqual(outputs[0]);
});

it("more than fits is read when it is needed", async () => {
  const { told } = await programOf("More than fits", []);
  expect(told).toEqual([expect.any(Number), "streamed", expect.any(Number)]);
  expect(told[0]).toBeGreaterThan(0.9);
});
