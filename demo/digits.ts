/** The pictures that a session trains and measures on: where the handwritten digits lie, and what every data set brings. */
import type { Dataset } from "../src/data/dataset.ts";
import { fetchIdx } from "../src/data/idx.ts";
import { subset } from "../src/data/subset.ts";
import type { Wording } from "./language.ts";
import { withWrittenOnes, writtenCount } from "./written_ones.ts";

/** 2,500 digits of MNIST, or all 70,000. */
export type MnistSize = "small" | "full";
/** Names a data set of the visitor's own by its pictures and labels. */
export type OwnId = `own-${string}`;

export interface Digits {
  readonly train: Dataset;
  readonly heldOut: Dataset;
  /** Which data set it is, for what is kept of it: "small" and "full" are MNIST, "own-…" files of the visitor's. */
  readonly id: MnistSize | OwnId;
  /** What the classes are called, by label. */
  readonly names: readonly string[];
  /** What the visitor's own files are called. */
  readonly title?: string;
  /** How many of the training pictures this page drew. */
  readonly written?: number;
  /** What the page says of them where they are no digits. */
  readonly wording?: Wording;
}

/** Whether a text is an `OwnId`. */
export function isOwnId(id: string | undefined): id is OwnId {
  return id?.startsWith("own-") ?? false;
}

/** A network of this page gives as many scores. */
export const CLASSES = 10;
export const DIGIT_NAMES: readonly string[] = Array.from({ length: CLASSES }, (_, digit) => String(digit));

/** Between two epochs' ends, held-out accuracy is measured on this many digits. */
const QUICK_COUNT = 500;

/** Where the digits lie: beside the page. */
export function dataUrl(name: string): string {
  return new URL(`./data/${name}`, document.baseURI).href;
}

interface LoadOptions {
  signal?: AbortSignal;
  onProgress?: (loaded: number, total: number) => void;
}

/** Loads 2,500 digits ("small") or all 70,000 ("full"), the latter with a copy in the browser's cache. */
export async function loadDigits(size: MnistSize, options: LoadOptions = {}): Promise<Digits> {
  const prefix = size === "small" ? "mnist-small" : "mnist";
  const progress = { train: [0, 0] as [number, number], heldOut: [0, 0] as [number, number] };
  const load = (which: "train" | "heldOut", part: string) =>
    fetchIdx(
      {
        images: dataUrl(`${prefix}-${part}-images.idx3-ubyte.gz`),
        labels: dataUrl(`${prefix}-${part}-labels.idx1-ubyte.gz`),
      },
      {
        ...(options.signal ? { signal: options.signal } : {}),
        ...(size === "full" ? { cache: "corteza-mnist" } : {}),
        onProgress: (loaded, total) => {
          progress[which] = [loaded, total];
          options.onProgress?.(progress.train[0] + progress.heldOut[0], progress.train[1] + progress.heldOut[1]);
        },
      },
    );
  const [train, heldOut] = await Promise.all([load("train", "train"), load("heldOut", "test")]);
  const written = writtenCount(train);
  return { train: await withWrittenOnes(train), heldOut, id: size, names: DIGIT_NAMES, written };
}

/** The held-out digits, or the first of them where there are many. */
export function quickSet({ heldOut }: Digits): Dataset {
  return heldOut.count <= QUICK_COUNT ? heldOut : subset(heldOut, 0, QUICK_COUNT);
}
