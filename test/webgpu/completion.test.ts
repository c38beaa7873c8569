/** Completions on devices that are slow to tell of them, with the clock in the test's hands. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { completed, learnCompletion, needsReminding } from "../../src/webgpu/completion.ts";

const POLL_MILLISECONDS = 100;

/** A device that does nothing, and tells of what is done at once, or only on a timer and when something is submitted. */
class IdleDevice {
  submissions = 0;
  lose: () => void = () => undefined;
  readonly lost = new Promise<void>((resolve) => {
    this.lose = resolve;
  });
  #waiting: (() => void)[] = [];
  readonly #polls: boolean;

  constructor(polls: boolean) {
    this.#polls = polls;
    if (polls) setInterval(() => this.#tell(), POLL_MILLISECONDS);
  }

  readonly queue = {
    submit: () => {
      this.submissions++;
      this.#tell();
    },
    onSubmittedWorkDone: () =>
      new Promise<void>((resolve) => {
        if (this.#polls) this.#waiting.push(resolve);
        else resolve();
      }),
  };

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

async function device(polls: boolean): Promise<GPUDevice & IdleDevice> {
  const made = new IdleDevice(polls) as unknown as GPUDevice & IdleDevice;
  const learned = learnCompletion(made);
  await vi.advanceTimersByTimeAsync(2 * POLL_MILLISECONDS);
  await learned;
  return made;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a device that tells of completions on a timer", () => {
  it("is known by it, wherever its timer stands", async () => {
    for (const into of [0, 20, 49, 51, 80, 99]) {
      const made = new IdleDevice(true) as unknown as GPUDevice;
      await vi.advanceTimersByTimeAsync(into);
      const learned = learnCompletion(made);
      await vi.advanceTimersByTimeAsync(2 * POLL_MILLISECONDS);
      await learned;
      expect(needsReminding(made), `${into} ms into its round`).toBe(true);
    }
  });

  it("is asked again every 4 ms while something is awaited, and left alone afterwards", async () => {
    const made = await device(true);
    let isDone = false;
    void completed(made, made.queue.onSubmittedWorkDone()).then(() => {
      isDone = true;
    });
    await vi.advanceTimersByTimeAsync(3);
    expect(isDone).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isDone).toBe(true);
    const { submissions } = made;
    await vi.advanceTimersByTimeAsync(1000);
    expect(made.submissions).toBe(submissions);
  });

  it("is asked at the same pace however much is awaited, as long as something is", async () => {
    const made = await device(true);
    const before = made.submissions;
    const never = () => new Promise<void>(() => undefined);
    for (let wait = 0; wait < 5; wait++) void completed(made, never());
    await vi.advanceTimersByTimeAsync(400);
    expect(made.submissions - before).toBe(100);
  });

  it("is not asked any more once it is lost, whatever never comes", async () => {
    const made = await device(true);
    void completed(made, new Promise<void>(() => undefined));
    made.lose();
    await vi.advanceTimersByTimeAsync(10);
    const { submissions } = made;
    await vi.advanceTimersByTimeAsync(1000);
    expect(made.submissions).toBe(submissions);
  });

  it("passes failures on", async () => {
    const made = await device(true);
    await expect(completed(made, Promise.reject(new Error("unmapped")))).rejects.toThrow("unmapped");
  });
});

it("a device that tells of completions at once is sent nothing", async () => {
  const made = await device(false);
  expect(needsReminding(made)).toBe(false);
  void completed(made, new Promise<void>(() => undefined));
  await completed(made, made.queue.onSubmittedWorkDone());
  await vi.advanceTimersByTimeAsync(1000);
  expect(made.submissions).toBe(0);
});
