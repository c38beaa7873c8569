/** Parts of the demo that are fetched when they are needed. */
import { describe, expect, it } from "vitest";
import { Lazy } from "../../demo/lazy.ts";

/** A part whose program comes when the test says so; counts what was asked for, made and heard. */
function watched() {
  const answers: { resolve(program: string): void; reject(error: Error): void }[] = [];
  const seen = { made: 0, ended: 0 };
  const lazy = new Lazy(
    () => new Promise<string>((resolve, reject) => answers.push({ resolve, reject })),
    (program) => {
      seen.made++;
      if (program === "broken") throw new Error("broken");
      return { program };
    },
    () => seen.ended++,
  );
  return { lazy, answers, seen };
}

describe("a part that is fetched when it is needed", () => {
  it("is not fetched before, and once however often it is asked for", async () => {
    const { lazy, answers, seen } = watched();
    expect(answers).toHaveLength(0);
    const asked = [lazy.load(), lazy.load()];
    expect(lazy.part).toBeUndefined();
    answers[0]?.resolve("program");
    const [first, second] = await Promise.all(asked);
    expect(first).toEqual({ program: "program" });
    expect(second).toBe(first);
    expect(await lazy.load()).toBe(first);
    expect(lazy.part).toBe(first);
    expect(answers).toHaveLength(1);
    expect(seen).toEqual({ made: 1, ended: 1 });
  });

  it("tells a failure, and the next call tries again", async () => {
    const { lazy, answers, seen } = watched();
    const first = lazy.load();
    answers[0]?.reject(new Error("no connection"));
    await expect(first).rejects.toThrow("no connection");
    expect([lazy.failed, lazy.part, seen.ended]).toEqual([true, undefined, 1]);
    const second = lazy.load();
    // A new try is no failure yet.
    expect(lazy.failed).toBe(false);
    answers[1]?.resolve("program");
    expect(await second).toEqual({ program: "program" });
    expect([lazy.failed, seen.ended]).toEqual([false, 2]);
  });

  it("counts a part that could not be made as failed", async () => {
    const { lazy, answers, seen } = watched();
    const asked = lazy.load();
    answers[0]?.resolve("broken");
    await expect(asked).rejects.toThrow("broken");
    expect([lazy.failed, lazy.part, seen.made]).toEqual([true, undefined, 1]);
  });
});
