import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { OpDefinition } from "../../src/graph/op.ts";

const folder = join(import.meta.dirname, "../../src/graph");

it("an op's name is that of its constant, by which backends find its nodes", async () => {
  const files = ["graph.ts", ...readdirSync(join(folder, "ops")).map((name) => `ops/${name}`)];
  const modules = await Promise.all(files.map((file) => import(join(folder, file))));
  const constants = modules.flatMap((all) => Object.entries<OpDefinition>(all)).filter(([key]) => /[a-z]Op$/.test(key));
  expect(constants.length).toBeGreaterThan(60);
  for (const [key, { name }] of constants) expect(`${name}Op`).toBe(key);
});
