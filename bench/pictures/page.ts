/** What `bench/pictures.ts` asks its page to do. */
import {
  activation,
  adam,
  batchNormalization,
  conv2d,
  createTrainer,
  deletePictures,
  dense,
  globalAveragePooling2d,
  type ImageDataset,
  imageFolder,
  maxPooling2d,
  sequential,
  webgpu,
} from "../../src/index.ts";

/** What an import came to. */
export interface Imported {
  readonly images: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly stored: boolean;
  readonly stopped: string | undefined;
  /** Pictures that the page itself decoded: where workers do it, none. */
  readonly decodedOnPage: number;
}

/** What training came to. */
export interface Trained {
  readonly steps: number;
  readonly seconds: number;
  readonly waitedSeconds: number;
  readonly residency: string;
  readonly loss: number;
}

let pictures: ImageDataset | undefined;

async function read(size: number, channels: 1 | 3): Promise<Imported> {
  const { files } = document.querySelector<HTMLInputElement>("#folder") ?? {};
  if (!files) throw new Error("The page has no files.");
  let decodedOnPage = 0;
  const { createImageBitmap: decode } = globalThis;
  globalThis.createImageBitmap = ((...given: Parameters<typeof decode>) => {
    decodedOnPage++;
    return decode(...given);
  }) as typeof decode;
  pictures = await imageFolder(files, {
    ...{ size: [size, size], channels },
    worker: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  });
  const { images, skipped, seconds, stopped } = pictures.imported;
  return { images, skipped: skipped.length, seconds, stopped, stored: pictures.read !== undefined, decodedOnPage };
}

async function train(batchSize: number, steps: number): Promise<Trained> {
  if (pictures === undefined) throw new Error("There are no pictures.");
  const backend = await webgpu();
  const block = (filters: number) => [
    ...[conv2d({ filters, kernelSize: 3, strides: 2, useBias: false }), batchNormalization(), activation("relu")],
    maxPooling2d({ poolSize: 2 }),
  ];
  const model = sequential({ inputShape: pictures.shape, seed: 1 }, [
    ...[...block(8), ...block(16), globalAveragePooling2d(), dense({ units: pictures.classes })],
  ]);
  const trainer = await createTrainer(model, {
    ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize },
  });
  let loss = Number.NaN;
  const onStep = (event: { loss: number }) => {
    loss = event.loss;
  };
  // Kernels compile, and quick ones are replaced.
  await trainer.fit(pictures, { steps: 8, onStep });
  await trainer.settled();
  const before = trainer.stats();
  const { seconds } = await trainer.fit(pictures, steps > 0 ? { steps, onStep } : { epochs: 1, onStep });
  const after = trainer.stats();
  trainer.dispose();
  backend.dispose();
  return {
    ...{ steps: after.steps - before.steps, seconds, residency: String(after.residency), loss },
    waitedSeconds: after.dataWaitSeconds - before.dataWaitSeconds,
  };
}

async function forget(): Promise<void> {
  if (pictures) await deletePictures(pictures);
  pictures = undefined;
}

Object.assign(globalThis, { read, train, forget });
