import { describe, expect, it } from "vitest";
import { randomKey, randomUniform } from "../../../src/core/random.ts";
import { ArgumentError, checkData, type Dataset, dataset } from "../../../src/index.ts";

const [SIDE, CHANNELS] = [20, 3];
const VALUES = SIDE * SIDE * CHANNELS;

/** A smooth picture that no other number gives: a few waves. */
function picture(number: number): Uint8Array {
  const key = randomKey(7, number);
  const draw = (counter: number) => randomUniform(key, counter);
  return Uint8Array.from({ length: VALUES }, (_, at) => {
    const [x, y] = [Math.floor(at / CHANNELS) % SIDE, Math.floor(at / CHANNELS / SIDE)];
    let value = 128;
    for (let wave = 0; wave < 4; wave++) {
      const [fx, fy, phase] = [draw(3 * wave) - 0.5, draw(3 * wave + 1) - 0.5, 6.28 * draw(3 * wave + 2)];
      value += 30 * Math.sin(1.6 * (fx * x + fy * y) + phase + 0.2 * (at % CHANNELS));
    }
    return value;
  });
}

/** The same picture brighter, and in fewer steps. */
const savedAgain = (bytes: Uint8Array) => bytes.map((value) => Math.min(255, 4 * Math.round((1.05 * value + 5) / 4)));

function setOf(pictures: readonly Uint8Array[], labels: readonly number[], more: Partial<Dataset> = {}): Dataset {
  const images = Uint8Array.from(
    { length: pictures.length * VALUES },
    (_, at) => pictures[Math.floor(at / VALUES)]![at % VALUES]!,
  );
  return {
    ...dataset({ images, labels, shape: [SIDE, SIDE, CHANNELS], classes: 2 }),
    classNames: ["cats", "dogs"],
    ...more,
  };
}

const numbers = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);
const halves = (count: number) => numbers(0, count).map((index) => (index < count / 2 ? 0 : 1));
const kinds = (report: ReturnType<typeof checkData>) => report.warnings.map(({ kind }) => kind);

describe("checkData", () => {
  it("counts, and finds nothing to complain of in good data", () => {
    const training = setOf(numbers(0, 400).map(picture), halves(400));
    const validation = setOf(numbers(1000, 120).map(picture), halves(120));
    const report = checkData(training, { validation });
    expect({ ...report }).toEqual({
      ...{ count: 400, shape: [20, 20, 3], bytes: 480_000, validationCount: 120, imbalance: 1 },
      classes: [
        { name: "cats", training: 200, validation: 60 },
        { name: "dogs", training: 200, validation: 60 },
      ],
      ...{ nearDuplicates: [], skipped: [], warnings: [] },
    });
    expect(String(report)).toBe(
      "400 pictures, 20×20×3, 480 kB: cats 200, dogs 200\nvalidation: 120 pictures: cats 60, dogs 60",
    );
  });

  it("finds every picture of the other part, saved again, by name, and what is labelled otherwise there", () => {
    const names = numbers(0, 300).map((index) => `train/${index}.jpg`);
    const training = setOf(numbers(0, 300).map(picture), halves(300), { names });
    const copies = [3, 70, 299, 150].map((number) => savedAgain(picture(number)));
    const validation = setOf([...numbers(1000, 200).map(picture), ...copies], [...halves(200), 0, 0, 1, 0]);
    const report = checkData(training, { validation });
    expect(
      report.nearDuplicates?.map(({ training, validation }) => [validation.index, training.index, training.name]),
    ).toEqual([
      [200, 3, "train/3.jpg"],
      [201, 70, "train/70.jpg"],
      [202, 299, "train/299.jpg"],
      [203, 150, "train/150.jpg"],
    ]);
    for (const { correlation } of report.nearDuplicates ?? []) expect(correlation).toBeGreaterThan(0.99);
    expect(kinds(report)).toEqual(["near-duplicates", "labels-of-duplicates"]);
    expect(report.warnings[0]?.message).toMatch(
      /^4 of 204 images to validate with look like .*200 is like train\/3\.jpg/,
    );
    expect(report.warnings[1]?.message).toMatch(/203 is like train\/150\.jpg\. One of the labels is wrong/);
  });

  it("the same holds for floats, and for pictures of one colour", () => {
    const grey = (value: number) => new Uint8Array(VALUES).fill(value);
    const training = setOf([picture(1), grey(10), picture(2), grey(200)], [0, 0, 1, 1]);
    const validation = setOf([grey(100), grey(201), picture(1)], [0, 1, 0]);
    const asFloats = (whole: Dataset) => ({
      ...whole,
      images: Float32Array.from(whole.images, (value) => value / 255),
    });
    for (const report of [
      checkData(training, { validation }),
      checkData(asFloats(training), { validation: asFloats(validation) }),
    ]) {
      expect(report.nearDuplicates?.map(({ training, validation }) => [validation.index, training.index])).toEqual([
        [1, 3],
        [2, 0],
      ]);
    }
    expect(checkData(asFloats(training)).bytes).toBe(4 * 4 * VALUES);
  });

  it("20,000 pictures, or as many of one colour, are compared in seconds", { timeout: 60_000 }, () => {
    const some = numbers(0, 50).map(picture);
    const noisy = (index: number) =>
      some[index % 50]!.map((value, at) => value ^ (((index * 31 + at) * 2654435761) >>> 27));
    for (const pictures of [numbers(0, 20_000).map(noisy), Array(20_000).fill(new Uint8Array(VALUES))]) {
      const training = setOf(pictures.slice(0, 15_000), halves(15_000));
      const validation = setOf(pictures.slice(15_000), halves(5000));
      const before = process.cpuUsage().user;
      const { nearDuplicates } = checkData(training, { validation });
      // Each compared with each would be 75 million correlations, and half a minute.
      expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(15);
      expect(nearDuplicates?.length).toBe(5000);
    }
  });

  it("tells of few, missing and unequally many images, and of what was skipped", () => {
    const skipped = [{ file: "cats/1.jpg", reason: "empty" as const, detail: "it holds no bytes" }];
    const imported = { imported: { files: 41, images: 40, skipped, seconds: 1 } };
    const training = setOf(
      numbers(0, 40).map(picture),
      numbers(0, 40).map((index) => (index < 36 ? 0 : 1)),
      imported as Partial<Dataset>,
    );
    const validation = setOf(numbers(100, 25).map(picture), Array(25).fill(0), imported as Partial<Dataset>);
    const report = checkData(training, { validation });
    expect(report.imbalance).toBe(9);
    expect(report.skipped).toEqual(skipped);
    expect(String(report).split("\n")).toEqual([
      "40 pictures, 20×20×3, 48.0 kB: cats 36, dogs 4",
      "validation: 25 pictures: cats 25, dogs 0",
      "! cats has 36 images, dogs has 4. Add images of the small classes, or weigh them: fit({ classWeight }).",
      "! no images to validate with: dogs. Move some there.",
      "! 25 images to validate with: an accuracy on them is right within ± 20 points. 100 or more tell better.",
      "! 1 file was skipped: cats/1.jpg (it holds no bytes).",
    ]);
    const alone = checkData(setOf([picture(1)], [0]));
    expect([kinds(alone), alone.imbalance, alone.nearDuplicates]).toEqual([
      ["one-class"],
      Number.POSITIVE_INFINITY,
      undefined,
    ]);
    const three = { ...setOf([picture(1), picture(2)], [0, 1]), classes: 3 };
    expect(kinds(checkData(three))).toEqual(["empty-class"]);
  });

  it("data without classes, or without pictures, are counted", () => {
    const values = dataset({ images: new Float32Array(12), shape: [3], targets: new Float32Array(4) });
    const report = checkData(values, { validation: values });
    expect([String(report), report.classes, report.nearDuplicates]).toEqual([
      "4 pictures, 3, 48 bytes\nvalidation: 4 pictures\n! 4 images to validate with: an accuracy on them is right within ± 50 points. 100 or more tell better.",
      [],
      undefined,
    ]);
  });

  it("takes the part validation of a folder, and refuses what does not fit", () => {
    const training = setOf(numbers(0, 4).map(picture), halves(4));
    const whole = Object.defineProperty({ ...training }, "validation", { value: training });
    expect(checkData(whole).nearDuplicates?.length).toBe(4);
    const other = dataset({ images: new Uint8Array(8), shape: [2, 2, 1], labels: [0, 1] });
    expect(() => checkData(training, { validation: other })).toThrow(ArgumentError);
    expect(() => checkData(training, { validation: other })).toThrow(
      /are 20×20×3 with 2 classes, those to validate with 2×2×1/,
    );
    expect(() => checkData(training, { validationData: training } as never)).toThrow(/it is "validation" here/);
    expect(() => checkData(Promise.resolve(training) as never)).toThrow(/a promise \(await it\)/);
  });
});
