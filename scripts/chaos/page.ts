/** The page of `npm run chaos`: a trainer, a classifier and a canvas at work on one WebGPU device, which is lost again and again. */
import {
  adam,
  conv2d,
  createClassifier,
  createTrainer,
  dataset,
  dense,
  dropout,
  flatten,
  maxPooling2d,
  sequential,
} from "../../src/index.ts";
import { webgpu } from "../../src/webgpu/backend.ts";

/** One loss, in milliseconds since 1970. */
export interface Loss {
  told?: number;
  back?: number;
  stepsRedone?: number;
}

export interface Status {
  readonly step: number;
  readonly isDone: boolean;
  readonly error: string | undefined;
  readonly losses: readonly Loss[];
  readonly millisecondsPerStep: number;
  /** Answers of the classifier and pictures in the canvas so far, and the first that failed. */
  readonly answers: number;
  readonly pictures: number;
  readonly failure: string | undefined;
  /** SHA-256 of the weights and of the losses of all steps, at the end. */
  readonly hash: string | undefined;
}

const [SIZE, COUNT, BATCH] = [12, 256, 16];

function pictures() {
  const images = Uint8Array.from({ length: COUNT * SIZE * SIZE }, (_, index) => {
    const [picture, place] = [Math.floor(index / SIZE ** 2), index % SIZE ** 2];
    return Math.floor(place / SIZE) % 4 === picture % 4 ? 220 : (picture * 31 + place * 17) % 90;
  });
  return dataset({ images, labels: Array.from({ length: COUNT }, (_, index) => index % 4), shape: [SIZE, SIZE, 1] });
}

class Page {
  #step = 0;
  #isDone = false;
  #error: string | undefined;
  #losses: Loss[] = [];
  #millisecondsPerStep = 0;
  #answers = 0;
  #pictures = 0;
  #failure: string | undefined;
  #hash: string | undefined;
  #destroy: (() => void) | undefined;

  get status(): Status {
    return {
      ...{ step: this.#step, isDone: this.#isDone, error: this.#error, losses: this.#losses, hash: this.#hash },
      ...{ millisecondsPerStep: this.#millisecondsPerStep, answers: this.#answers, pictures: this.#pictures },
      failure: this.#failure,
    };
  }

  /** The page's own device is destroyed. */
  destroy(): number {
    this.#destroy?.();
    return Date.now();
  }

  start(steps: number): void {
    this.#run(steps).catch((error: unknown) => {
      this.#error = String(error instanceof Error ? (error.stack ?? error) : error);
    });
  }

  async #run(steps: number): Promise<void> {
    const backend = await webgpu();
    this.#destroy = () => backend.device.destroy();
    const model = sequential({ inputShape: [SIZE, SIZE, 1], seed: 3 }, [
      ...[conv2d({ filters: 4, kernelSize: 3, activation: "relu", name: "conv" }), maxPooling2d({ poolSize: 2 })],
      ...[flatten(), dropout({ rate: 0.2 }), dense({ units: 4 })],
    ]);
    const trainer = await createTrainer(model, {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: BATCH, seed: 7 },
      onDeviceLost: () => this.#losses.push({ told: Date.now() }),
      onRecovered: ({ stepsRedone }) => Object.assign(this.#losses.at(-1) ?? {}, { back: Date.now(), stepsRedone }),
    });
    const data = pictures();
    const classifier = await createClassifier(model, { backend });
    const first = data.images.slice(0, SIZE * SIZE);
    const canvas = document.createElement("canvas");
    document.body.append(canvas);
    const beside = [
      this.#again(async () => {
        await classifier.predict(Float32Array.from(first, (value) => value / 255));
        this.#answers++;
      }),
      this.#again(async () => {
        await trainer.draw(first, [{ canvas, layer: "conv" }]);
        this.#pictures++;
      }),
    ];
    const { stepLosses } = await trainer.fit(data, {
      steps,
      onStep: ({ step, millisecondsPerStep }) => {
        this.#step = step;
        this.#millisecondsPerStep = millisecondsPerStep;
      },
    });
    this.#isDone = true;
    await Promise.all(beside);
    const numbers = Float64Array.from([
      ...[...model.parameters.values()].flatMap(({ data }) => [...data]),
      ...stepLosses,
    ]);
    const digest = await crypto.subtle.digest("SHA-256", numbers);
    this.#hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    for (const each of [trainer, classifier, backend]) each.dispose();
  }

  /** Does something every now and then, until the training is over. */
  async #again(work: () => Promise<void>): Promise<void> {
    while (!this.#isDone) {
      try {
        await work();
      } catch (error) {
        this.#failure ??= String(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

declare global {
  var chaos: Page;
}

globalThis.chaos = new Page();
