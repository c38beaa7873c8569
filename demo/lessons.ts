/** Lessons that the network at hand is given, and the way back from the last one. */
import { hashString, randomKey } from "../src/core/random.ts";
import type { State } from "./snapshots.ts";
import type { Lesson, Taught } from "./teaching.ts";
import type { Training, TrainingParts } from "./training.ts";

export class Lessons {
  readonly #parts: TrainingParts;
  readonly #training: Training;
  /** Held-out accuracy before the first of the last lessons in a row, and the steps when the last of them had ended. */
  #untaught: { readonly accuracy: number; readonly after: number } | undefined;
  /** To take the last lesson back: the state before it, and the steps when it had ended. */
  #before: (State & { readonly after: number }) | undefined;

  constructor(parts: TrainingParts, training: Training) {
    this.#parts = parts;
    this.#training = training;
  }

  /** Whether the last one can be taken back: nothing was trained since. */
  get canBeTakenBack(): boolean {
    return this.#before !== undefined && this.#before.after === this.#training.course.steps;
  }

  /** The network is another one, or its training went elsewhere. */
  forget(): void {
    this.#before = undefined;
    this.#untaught = undefined;
  }

  /**
   * Teaches drawings, mixed with older ones and with training digits, until the network reads them. It is put back as it
   * was where that, and the lessons right before it, cost more than half a point of held-out accuracy. Undefined when it cannot start, or was interrupted.
   */
  async teach(lessons: readonly Lesson[], older: readonly Lesson[]): Promise<Taught | undefined> {
    const { network, pictures, status } = this.#parts;
    const training = this.#training;
    const { course } = training;
    const [train, heldOut] = [pictures.digits?.train, pictures.quick];
    const { trainer } = network;
    if (train === undefined || heldOut === undefined || trainer === undefined || lessons.length === 0) return undefined;
    if (!status.isAtRest) return undefined;
    // It came with the panel of lessons, and the page needs it no sooner.
    const { teach } = await import("./teaching.ts");
    await training.stop();
    status.become("training");
    let taught: Taught | undefined;
    await training.work(async (signal) => {
      const { steps, cursor } = course;
      const untaught = this.#untaught?.after === steps ? this.#untaught.accuracy : undefined;
      try {
        taught = await teach(trainer, lessons, {
          ...{ older, train, heldOut, untaught, signal, learningRate: network.learningRate },
          key: randomKey(network.seed, hashString("lesson"), steps),
          onStep: (event) => training.record(event),
        });
      } catch (error) {
        // The lesson put the weights back.
        course.moveTo(steps, cursor);
        if (!signal.aborted) throw error;
      }
      if (taught?.kept) {
        // Of its rounds it may have taken another one than the last.
        if (course.steps > steps + taught.steps) course.moveTo(steps + taught.steps, 0);
        course.note({ kind: "lesson" });
        this.#before = { checkpoint: taught.checkpoint, steps, cursor, after: course.steps };
        this.#untaught = { accuracy: untaught ?? taught.before, after: course.steps };
        // Another data set was trained on: the training set starts from its beginning.
        course.cursor = 0;
      } else if (taught) course.moveTo(steps, cursor);
      course.target = course.steps;
      if (taught) await training.measure(signal);
      if (taught?.kept) await training.keep();
      status.phase = "ready";
    });
    return taught;
  }

  /** Puts weights, optimizer and counters back to what they were before the last lesson, bit for bit. */
  async takeBack(): Promise<void> {
    const before = this.#before;
    const { status } = this.#parts;
    if (before === undefined || !this.canBeTakenBack || status.phase === "training") return;
    const training = this.#training;
    await training.stop();
    this.#before = undefined;
    await training.work(async (signal) => {
      await training.goBackTo(before);
      training.course.target = training.course.steps;
      await training.measure(signal);
      await training.keep();
      status.phase = "ready";
    });
  }
}
