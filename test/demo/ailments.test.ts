import { describe, expect, it } from "vitest";
import { areSame, betterRate, Health, onlyAnswer, type Vitals } from "../../demo/train/ailments.ts";

/** 500 pictures, as many of each class, that are answered with one of these classes in turn. */
function confusion(...answers: number[]): number[][] {
  const counts = Array.from({ length: 10 }, () => Array<number>(10).fill(0));
  for (let picture = 0; picture < 500; picture++) {
    const row = counts[picture % 10];
    const answer = answers[Math.floor(picture / 10) % answers.length] ?? 0;
    if (row) row[answer] = (row[answer] ?? 0) + 1;
  }
  return counts;
}

const GUESSING = Math.log(10);
const dead = (step: number, change: Partial<Vitals> = {}): Vitals => ({
  ...{ step, loss: 8000, accuracy: 0.1, confusion: confusion(0), sameShares: true },
  ...change,
});

describe("a training's health", () => {
  it("fails where two measurements in a row find that every picture gets the same answer, and says which", () => {
    const health = new Health();
    expect(health.take(dead(16))).toBeUndefined();
    expect(health.take(dead(32))).toEqual({ kind: "sameAnswer", answer: 0 });
    // A network of zeros after NaN, or whose units are all off: only the last biases learn, down to guessing.
    expect(health.take(dead(64, { loss: GUESSING, confusion: confusion(7) }))).toEqual({
      kind: "sameAnswer",
      answer: 7,
    });
    expect(
      health.take(dead(96, { accuracy: 0.6, loss: 1.2, confusion: confusion(1, 2), sameShares: false })),
    ).toBeUndefined();
  });

  it("is not judged by the first steps, nor where the shares still tell pictures apart", () => {
    const health = new Health();
    for (const step of [0, 1, 8]) expect(health.take(dead(step))).toBeUndefined();
    // So small a learning rate that all are still taken for the class that the first weights like.
    for (const step of [16, 32, 64, 128]) {
      expect(health.take(dead(step, { loss: 2.29, sameShares: false }))).toBeUndefined();
    }
  });

  it("fails where it does far worse than guessing, and where it has not moved after many steps", () => {
    const wild = (step: number) =>
      dead(step, { loss: 40, accuracy: 0.11, confusion: confusion(0, 3), sameShares: false });
    const health = new Health();
    expect([health.take(wild(16)), health.take(wild(32))]).toEqual([undefined, { kind: "worseThanGuessing" }]);
    const still = (step: number) => dead(step, { loss: 2.301, accuracy: 0.12, sameShares: false });
    expect([health.take(still(256)), health.take(still(512))]).toEqual([undefined, { kind: "notMoving", steps: 512 }]);
  });

  it("takes the commonest class for what guessing gives, not a tenth", () => {
    // Nine of ten pictures are zeros: "0" everywhere is 90 % right, and no better than guessing.
    const uneven = Array.from({ length: 10 }, (_, label) => [
      label === 0 ? 900 : label === 1 ? 100 : 0,
      ...Array(9).fill(0),
    ]);
    const health = new Health();
    const vitals = dead(16, { accuracy: 0.9, loss: 0.325, confusion: uneven });
    health.take(vitals);
    expect(health.take({ ...vitals, step: 32 })).toEqual({ kind: "sameAnswer", answer: 0 });
  });
});

describe("what helps", () => {
  it.each([
    ["sameAnswer", 100, 0.001, 0.001],
    ["worseThanGuessing", 1, 0.01, 0.01],
    ["worseThanGuessing", 0.001, 0.001, 0.0001],
    ["notMoving", 1e-6, 0.001, 0.001],
    ["notMoving", 0.01, 0.01, 0.001],
  ] as const)("against %s at a rate of %d, where %d is usual, is %d", (kind, rate, usual, better) => {
    expect(betterRate({ kind, answer: 0, steps: 300 } as Parameters<typeof betterRate>[0], rate, usual)).toBe(better);
  });
});

describe("answers", () => {
  it("are one where all pictures get it, and shares are the same where they differ in nothing", () => {
    expect([onlyAnswer(confusion(3)), onlyAnswer(confusion(3, 4)), onlyAnswer([])]).toEqual([3, undefined, undefined]);
    expect(areSame([0.2, 0.8, 0.2, 0.8], 2)).toBe(true);
    expect(areSame([0.2, 0.8, 0.2001, 0.7999], 2)).toBe(false);
  });
});
