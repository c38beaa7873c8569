/** The program in the README ("Parts of your own") runs as it stands there. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import * as corteza from "../../src/index.ts";

type Run = (names: typeof corteza & { cpu: typeof cpu; console: { log: (value: number) => void } }) => Promise<{
  network: corteza.Model;
  again: corteza.Model;
  data: corteza.Dataset & { images: Float32Array };
}>;

it("parts of one's own are made, trained, saved and opened again", async () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, program] = /## Parts of your own[\s\S]*?```js\n([\s\S]*?)```/.exec(readme) ?? [];
  const imported = [...(program ?? "").matchAll(/^import \{([^}]*)\} from "corteza(\/cpu)?";$/gm)];
  expect(imported.length).toBe(2);
  const names = imported.flatMap(([, list]) => (list ?? "").split(",").map((name) => name.trim()));
  for (const name of names) expect(Object.keys({ ...corteza, cpu })).toContain(name);
  const body = (program ?? "").replace(/^import \{[^}]*\} from "[^"]*";$/gm, "");
  const AsyncFunction = (async () => undefined).constructor as new (...parts: string[]) => Run;
  const run = new AsyncFunction(`{ ${[...names, "console"].join(", ")} }`, `${body}\nreturn { network, again, data };`);
  const told: number[] = [];
  const { network, again, data } = await run({ ...corteza, cpu, console: { log: (value) => told.push(value) } });
  // By chance a third.
  expect(told[0]).toBeGreaterThan(0.6);
  const outputs = await Promise.all(
    [network, again].map(async (one) => (await corteza.createPredictor(one, { backend: cpu() })).predict(data.images)),
  );
  expect(outputs[1]).toEqual(outputs[0]);
});
