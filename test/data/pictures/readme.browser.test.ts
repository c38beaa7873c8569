/** The programs in the README ("Pictures in folders", "Augmentation") run as they stand there, in a page, on drawn pictures. */
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

/** Runs a program of the README with these names; what it leaves under the names of `left`. */
async function runs(program: string, given: Record<string, unknown>, left = ""): Promise<unknown> {
  const [statement = "", list = ""] = /^import \{([^}]*)\} from "corteza";$/m.exec(program) ?? [];
  const names = list.split(",").flatMap((name) => name.trim() || []);
  for (const name of names) expect(Object.keys(corteza)).toContain(name);
  const AsyncFunction = (async () => undefined).constructor as new (
    ...parts: string[]
  ) => (names: Record<string, unknown>) => Promise<unknown>;
  const body = `${program.replace(statement, "")}\nreturn { ${left} };`;
  return new AsyncFunction(`{ ${[...names, ...Object.keys(given)].join(", ")} }`, body)({ ...corteza, ...given });
}

/** The programs under a heading. */
function programsOf(heading: string): string[] {
  const [, section = ""] = readme.split(`\n## ${heading}\n`);
  return [...(section.split("\n## ")[0] ?? "").matchAll(/```js\n([\s\S]*?)```/g)].map(([, program]) => program ?? "");
}

async function drawn(count: number): Promise<{ path: string; file: File }[]> {
  const paths = Array.from({ length: count }, (_, number) => `${number % 2 ? "cats" : "dogs"}/${number}.jpg`);
  return Promise.all(paths.map(async (path, number) => ({ path, file: await picture(path, number) })));
}

it("pictures with a name are kept, opened again, drawn, listed and deleted", async () => {
  const [, program = ""] = programsOf("Pictures in folders");
  const said: unknown[][] = [];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [224, 224];
  const hands = await corteza.imageFolder(await drawn(4), { size: [16, 16] });
  const given = {
    ...{ files: await drawn(9), canvas, camera: { dataset: () => hands } },
    console: { log: (...line: unknown[]) => said.push(line) },
  };
  const { photos, again } = (await runs(program, given, "photos, again")) as Record<string, corteza.ImageDataset>;
  expect([photos?.count, again?.count]).toEqual([9, 9]);
  expect(again?.images).toEqual(photos?.images);
  const [listed] = said.at(-1) as [corteza.KeptPictures[]];
  expect(listed.map(({ name, images, complete }) => [name, images, complete]).sort()).toEqual([
    ["hands", 4, true],
    ["photos", 9, true],
  ]);
  expect((await corteza.listPictures()).map(({ name }) => name)).toEqual(["hands"]);
  const seen = canvas.getContext("2d")?.getImageData(100, 100, 1, 1).data;
  expect(seen?.[3]).toBe(255);
  await corteza.deletePictures("hands");
});

it("pictures are augmented with all that the README names, and previewed as the first step takes them", async () => {
  const [training = "", preview = ""] = programsOf("Augmentation");
  const backend = await testBackend();
  const pets = await corteza.imageFolder(await drawn(8), { size: [16, 16] });
  const model = corteza.sequential({ inputShape: pets.shape, seed: 1 }, [
    corteza.flatten(),
    corteza.dense({ units: 2 }),
  ]);
  const trainer = await corteza.createTrainer(model, {
    ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: corteza.sgd({ learningRate: 0.01 }), batchSize: 8 },
    seed: 1,
  });
  let augment: corteza.AugmentOptions | undefined;
  const fit = (data: corteza.Dataset, options: corteza.FitOptions) => {
    augment = options.augment;
    return trainer.fit(data, options);
  };
  await runs(training, { pets, trainer: { fit } });
  expect(trainer.stats().steps).toBe(25);
  expect(Object.keys(augment ?? {})).toHaveLength(14);
  trainer.dispose();
  const canvas = document.createElement("canvas");
  const { images, rows } = (await runs(preview, { pets, augment, backend, canvas }, "images, rows")) as {
    images: corteza.Tensor;
    rows: Int32Array;
  };
  expect([...rows].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(images.shape).toEqual([8, 16, 16, 3]);
  // Noise is added last, of 23 bits: no more than 5.5 standard deviations.
  const beyond = 5.5 * (augment?.noise ?? 0);
  expect(images.data.every((value) => value >= -beyond && value <= 1 + beyond)).toBe(true);
  expect(canvas.width).toBeGreaterThanOrEqual(96);
});
