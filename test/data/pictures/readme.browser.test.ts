/** The program in the README ("Pictures in folders") runs as it stands there, in a page, on a folder of drawn pictures. */
import { expect, it } from "vitest";
import readme from "../../../README.md?raw";
import * as corteza from "../../../src/index.ts";
import { testBackend } from "../../support/backend.ts";

type Run = (
  names: Record<string, unknown>,
) => Promise<{ label: string; pets: corteza.ImageDataset; trainer: corteza.Trainer }>;

/** Cats are tall and orange, dogs wide and grey. */
async function picture(path: string, number: number): Promise<File> {
  const canvas = new OffscreenCanvas(60, 50);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = `hsl(${37 * number} 30% 80%)`;
  context.fillRect(0, 0, 60, 50);
  const isCat = path.includes("cats");
  context.fillStyle = isCat ? "#d07020" : "#606870";
  const [width, height] = isCat ? [12, 30] : [30, 12];
  context.fillRect(5 + ((number * 7) % 20), 5 + ((number * 5) % 12), width, height);
  const file = new File([await canvas.convertToBlob({ type: "image/jpeg" })], path.split("/").at(-1) ?? "");
  Object.defineProperty(file, "webkitRelativePath", { value: path });
  return file;
}

it("pictures of a folder are read, checked, trained on and classified", async () => {
  const [, program = ""] = /## Pictures in folders[\s\S]*?```js\n([\s\S]*?)```/.exec(readme) ?? [];
  const [statement = "", list = ""] = /^import \{([^}]*)\} from "corteza";$/m.exec(program) ?? [];
  const names = list.split(",").map((name) => name.trim());
  for (const name of names) expect(Object.keys(corteza)).toContain(name);
  const files: File[] = [];
  for (const [part, count] of [
    ["train", 20],
    ["validation", 6],
  ] as const) {
    for (const kind of ["cats", "dogs"]) {
      for (let number = 0; number < count; number++) {
        files.push(await picture(`pets/${part}/${kind}/${number}.jpg`, number + (part === "train" ? 0 : 100)));
      }
    }
  }
  const backend = await testBackend();
  const said: string[] = [];
  const AsyncFunction = (async () => undefined).constructor as new (...parts: string[]) => Run;
  const given = { ...corteza, bestBackend: async () => backend };
  const run = new AsyncFunction(
    `{ ${[...names, "document", "console"].join(", ")} }`,
    `${program.replace(statement, "")}\nreturn { label, pets, trainer };`,
  );
  const { label, pets, trainer } = await run({
    ...given,
    ...{ document: { querySelector: () => ({ files }) }, console: { log: (line: string) => said.push(line) } },
  });
  expect(said[0]).toBe("0 of 52");
  expect(said.at(-1)).toBe(
    "40 pictures, 32×32×3, 123 kB: cats 20, dogs 20\nvalidation: 12 pictures: cats 6, dogs 6\n" +
      "! 12 images to validate with: an accuracy on them is right within ± 29 points. 100 or more tell better.",
  );
  expect(pets.validation?.count).toBe(12);
  expect(label).toBe("cats");
  // By chance a half.
  expect((await trainer.evaluate(pets)).accuracy).toBeGreaterThan(0.8);
  trainer.dispose();
});
