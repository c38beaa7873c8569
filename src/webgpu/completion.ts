/**
 * Completions that come when they are due.
 *
 * Firefox looks for completed work of a device on a timer of 100 ms, and besides whenever something is submitted
 * (https://bugzilla.mozilla.org/show_bug.cgi?id=1870699, "Don't poll WebGPU from a timer"; seen in 153 ESR). So every awaited
 * `onSubmittedWorkDone` or `mapAsync` takes up to 100 ms longer than the work, unless something is submitted after it. What
 * helps is to submit nothing, again and again, while something is awaited. Measured there on lavapipe, 2 cores, without and
 * with it (test/webgpu/completion.gpu.test.ts holds the bounds):
 *
 *   a prediction of a small network (test/support/networks.ts)   100 ms      4 ms
 *   a step of `trainOnBatch`                                      109 ms      4 ms
 *   250 small steps of `fit`                                        6.3 s     0.2 s
 *   an evaluation of 100 small steps                               10.6 s     0.3 s
 *   peak that the multiply-add probe finds                          2.7        42 GFLOP/s
 *
 * Whether a device needs it is found out by waiting for an idle one. Delete this file, and let everybody await the promises
 * themselves, when no supported Firefox takes longer than that: `npx vitest run --project firefox test/webgpu/completion.gpu.test.ts`
 * says which kind it runs in.
 */

/** How long a device with nothing to do may take to say so; others are helped. Elsewhere it takes 0.1 to 2 ms. */
const PROMPT_MILLISECONDS = 50;
/** Between empty submissions. */
const NUDGE_MILLISECONDS = 4;

/** A device that is to be reminded of what is awaited. */
class Reminder {
  readonly #device: GPUDevice;
  #waiting = 0;
  #isLost = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(device: GPUDevice) {
    this.#device = device;
    // What a lost device is asked for may never come.
    void device.lost.then(() => {
      this.#isLost = true;
    });
  }

  async wait<T>(wait: Promise<T>): Promise<T> {
    this.#waiting++;
    this.#timer ??= setTimeout(this.#remind, NUDGE_MILLISECONDS);
    try {
      return await wait;
    } finally {
      this.#waiting--;
    }
  }

  readonly #remind = (): void => {
    this.#timer = undefined;
    if (this.#waiting === 0 || this.#isLost) return;
    this.#device.queue.submit([]);
    this.#timer = setTimeout(this.#remind, NUDGE_MILLISECONDS);
  };
}

const reminders = new WeakMap<GPUDevice, Reminder>();

/** Finds out whether this device needs to be helped. Before anything is submitted to it: 1 ms, or up to 100 ms where it does. */
export async function learnCompletion(device: GPUDevice): Promise<void> {
  // The first of two may be prompt by chance: the timer runs all the time. The second begins with the timer's turn.
  for (let time = 0; time < 2; time++) {
    if (await isPrompt(device)) continue;
    reminders.set(device, new Reminder(device));
    return;
  }
}

/** Whether a device that has nothing to do says so soon. */
function isPrompt(device: GPUDevice): Promise<boolean> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => resolve(false), PROMPT_MILLISECONDS);
    const done = () => {
      clearTimeout(patience);
      resolve(true);
    };
    // A lost device fails elsewhere.
    device.queue.onSubmittedWorkDone().then(done, done);
  });
}

/** Whether completions of this device have to be helped. */
export function needsReminding(device: GPUDevice): boolean {
  return reminders.has(device);
}

/** The same promise of something that the device does, come as soon as it is due. */
export function completed<T>(device: GPUDevice, wait: Promise<T>): Promise<T> {
  return reminders.get(device)?.wait(wait) ?? wait;
}
