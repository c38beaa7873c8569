/** The bar above every view: train, pause, step, reset; the held-out accuracy; how far and how fast it goes. */
import { DivergedError } from "../src/core/errors.ts";
import { announce, find, make, write } from "./dom.ts";
import { bytes, count, duration, milliseconds, percent, say, significant, trainSay } from "./language.ts";
import type { Session } from "./session.ts";
import { stoppedWords } from "./train/stop_words.ts";

export class Runner {
  readonly #session: Session;
  readonly #epochs: () => number;
  readonly #run = find("run", HTMLButtonElement);
  readonly #step = find("step", HTMLButtonElement);
  readonly #epoch = find("epoch-step", HTMLButtonElement);
  readonly #reset = find("reset", HTMLButtonElement);

  /** `epochs`: how many the settings ask for. */
  constructor(session: Session, epochs: () => number) {
    this.#session = session;
    this.#epochs = epochs;
    this.#run.addEventListener("click", () => {
      if (session.phase === "training") session.pause();
      else session.train(epochs());
    });
    this.#step.addEventListener("click", () => void session.stepOnce());
    this.#epoch.addEventListener("click", () => void session.stepEpoch());
    this.#reset.addEventListener("click", () => {
      void session.reset();
      announce(say().announceReset);
    });
  }

  /** Where a press on Train would lead. */
  get plannedTarget(): number {
    const { steps, phase, target } = this.#session;
    return steps === 0 && phase !== "training" ? this.#session.stepsIn(this.#epochs()) : target;
  }

  render(): void {
    this.#renderControls();
    this.#renderScore();
    this.#renderReadings();
  }

  #renderControls(): void {
    const text = say();
    const { phase, steps, batchSize, usable } = this.#session;
    const epochs = this.#epochs();
    document.documentElement.dataset["phase"] = phase;
    this.#run.disabled = !usable;
    const words = {
      training: text.pause,
      paused: text.resume,
      other: steps > 0 ? text.trainMore(epochs, count(epochs)) : text.train,
    };
    write(this.#run, phase === "training" || phase === "paused" ? words[phase] : words.other);
    this.#step.disabled = this.#epoch.disabled = phase !== "ready" && phase !== "paused";
    this.#step.title = text.stepSize(count(batchSize));
    const diverged = this.#session.error instanceof DivergedError;
    this.#reset.disabled = !(usable || diverged) || steps === 0;
  }

  #renderScore(): void {
    const text = say();
    const { latest, isPretrained } = this.#session;
    const number = find("accuracy", HTMLElement);
    const caption = find("accuracy-caption", HTMLElement);
    number.classList.toggle("pending", latest === undefined || (latest.step === 0 && !isPretrained));
    write(number, latest === undefined ? "" : percent(latest.accuracy, 1));
    if (latest === undefined) write(caption, this.#pending());
    else if (latest.step === 0)
      write(caption, (isPretrained ? text.accuracyOpened : text.accuracyBefore)(count(latest.count)));
    else if (latest.step === 1) write(caption, text.accuracyAfterOne(count(latest.count)));
    else write(caption, text.accuracyAfter(count(latest.count), count(latest.step)));
  }

  /** Why there is no accuracy. */
  #pending(): string {
    const text = say();
    const { phase, steps } = this.#session;
    if (phase === "failed") return text.accuracyNone;
    if (phase === "ready" || phase === "paused") return text.accuracyBusy;
    return phase === "training" || steps > 0 ? text.accuracySoon : text.accuracyPending;
  }

  #renderReadings(): void {
    const { steps, target } = this.#session;
    const bar = find("progress", HTMLProgressElement);
    const goal = Math.max(target, steps);
    bar.value = goal === 0 ? 0 : steps / goal;
    const place = find("readings", HTMLElement);
    const words = this.#readings(goal);
    if (place.childElementCount !== words.length) place.replaceChildren(...words.map(() => make("span")));
    words.forEach((word, index) => {
      write(place.children[index] as HTMLElement, word);
    });
  }

  #readings(goal: number): string[] {
    const text = say();
    const session = this.#session;
    const { phase, last, steps, target, batchSize, stats, stopped } = session;
    if (phase === "loading") return [text.preparing];
    if (phase === "failed" && steps === 0) return [];
    if (steps === 0 && phase === "ready") {
      const epochs = this.#epochs();
      return [text.ready(count(this.plannedTarget), text.epochCount(epochs, count(epochs)), count(batchSize))];
    }
    const words = [text.stepOf(count(steps), count(goal))];
    if (session.error instanceof DivergedError && phase === "failed") words.push(text.lossNaN);
    else if (last) {
      words.push(
        text.imagesPerSecond(significant(last.imagesPerSecond, 3)),
        text.millisecondsPerStep(milliseconds(last.millisecondsPerStep)),
      );
      const { gpuBytes = 0 } = stats ?? {};
      // The CPU's trainer counts bytes too, but of no GPU.
      if (gpuBytes > 0 && session.backendKind === "webgpu") words.push(trainSay().gpuMemory(bytes(gpuBytes)));
    }
    if (phase === "paused") words.push(text.paused);
    // A lesson does not know how many steps it will take.
    else if (phase === "training" && last && goal > steps)
      words.push(text.timeLeft(duration(((goal - steps) * last.millisecondsPerStep) / 1000)));
    else if (phase === "ready" && stopped) words.push(stoppedWords(stopped));
    else if (phase === "ready" && steps === target) words.push(text.trained);
    return words;
  }
}
