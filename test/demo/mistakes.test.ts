/** What a network says of every picture: answers, losses, the worst mistakes, the shades of the confusion matrix. */
import { describe, expect, it } from "vitest";
import { mistakes, picturesOf, readingsOf, shades } from "../../demo/train/mistakes.ts";

const scores = (rows: number[][]) => ({ shape: [rows.length, 3], data: Float32Array.from(rows.flat()) });

describe("readings", () => {
  it("are the softmax of the scores and its cross-entropy, for scores of any size", () => {
    const [plain, large, equal] = readingsOf(
      scores([
        [0, Math.log(2), Math.log(5)],
        [1000, 0, 999],
        [7, 7, 7],
      ]),
      [1, 2, 1],
    );
    // Shares 1 : 2 : 5, in f32.
    expect(plain).toMatchObject({ row: 0, label: 1, answer: 2 });
    expect(plain?.probability).toBeCloseTo(5 / 8, 6);
    expect(plain?.labelProbability).toBeCloseTo(2 / 8, 6);
    expect(plain?.loss).toBeCloseTo(Math.log(4), 6);
    expect(large?.loss).toBeCloseTo(1 + Math.log1p(Math.exp(-1)), 6);
    // The first of equal scores, as the device's argmax.
    expect(equal).toMatchObject({ answer: 0 });
    expect(equal?.probability).toBeCloseTo(1 / 3, 6);
  });

  it("give the worst mistakes first, and those of a cell, least sure of the label first", () => {
    const rows = [
      [5, 0, 0],
      [1, 0, 0],
      [9, 0, 0],
      [0, 9, 0],
      [2, 0, 0],
    ];
    const readings = readingsOf(scores(rows), [0, 1, 1, 1, 0]);
    expect(mistakes(readings).map(({ row }) => row)).toEqual([2, 1]);
    expect(picturesOf(readings, { label: 1, answer: 0 }).map(({ row }) => row)).toEqual([2, 1]);
    expect(picturesOf(readings, { label: 0, answer: 0 }).map(({ row }) => row)).toEqual([4, 0]);
    expect(picturesOf(readings, { label: 2, answer: 0 })).toEqual([]);
  });

  it("of a diverged network come first, not in any order", () => {
    const readings = readingsOf(
      scores([
        [9, 0, 0],
        [0, Number.NaN, 0],
        [1, 0, 0],
      ]),
      [1, 2, 1],
    );
    expect(mistakes(readings).map(({ row }) => row)).toEqual([1, 0, 2]);
    expect(readings[1]?.answer).toBe(1);
  });
});

describe("the shades of a confusion matrix", () => {
  const confusion = [
    [8, 2, 0],
    [1, 0, 1],
    [0, 0, 0],
  ];

  it("are the share of the row on the diagonal, and off it relative to the most frequent mistake", () => {
    expect(shades(confusion, false)).toEqual([
      [0.8, 1, 0],
      [0.5, 0, 0.5],
      [0, 0, 0],
    ]);
  });

  it("are relative to the largest share of a row where shares are shown", () => {
    expect(shades(confusion, true)).toEqual([
      [0.8, 0.4, 0],
      [1, 0, 1],
      [0, 0, 0],
    ]);
  });

  it("are none where nothing is wrong", () => {
    expect(
      shades(
        [
          [3, 0],
          [0, 4],
        ],
        false,
      ),
    ).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });
});
