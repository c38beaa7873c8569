import { ArgumentError } from "../../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import type { Dataset } from "../dataset.ts";
import { type Background, checkPictureOptions } from "../picture.ts";
import { ImportControl } from "./control.ts";

/** What `imageFolder` makes of pictures. */
export interface ImageFolderOptions {
  /** Pixels of each image: [height, width]. */
  size: readonly [height: number, width: number];
  /** 1: grey; 3: red, green and blue. Default 3. */
  channels?: 1 | 3;
  /**
   * How a picture of other proportions is fitted: "cover" (default) fills the image and cuts off what hangs over, the same
   * on both sides; "contain" shows the whole picture between bars; "stretch" distorts it.
   */
  fit?: "cover" | "contain" | "stretch";
  /**
   * What lies behind pixels that are not opaque, and in the bars of "contain". "auto", the default: black, and behind dark
   * ink on a transparent ground white, as `createClassifier` has it.
   */
  background?: "auto" | Background;
  /**
   * The classes and their order, for instance another data set's `classNames`; a folder of another name is an error. Default:
   * the folders' names, sorted, numbers by their value.
   */
  classNames?: readonly string[];
  /** Ends the import, which then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called about ten times a second, and at the end. What it throws ends the import, which rejects with it. */
  onProgress?: (progress: ImportProgress) => void;
  /** Pauses the import and lets it go on; `importControl()` makes one. */
  control?: ImportControl;
}

/** How far an import is. */
export interface ImportProgress {
  /** Files that were read or skipped. */
  readonly done: number;
  /** Files in all. */
  readonly total: number;
  /** Files that were skipped. */
  readonly skipped: number;
  /** Mean since the import began, pauses left out. */
  readonly filesPerSecond: number;
  /** Estimated by that mean; NaN before the first file. */
  readonly secondsLeft: number;
}

/** Why a file became no image. */
export type SkipReason =
  | "empty"
  | "unreadable"
  | "not-a-picture"
  | "corrupt"
  | "too-large"
  | "encrypted"
  | "not-in-a-class-folder";

/** A file that became no image. */
export interface SkippedFile {
  /** Where it lies: "cats/7.jpg". */
  readonly file: string;
  /** The kind of reason, for programs. */
  readonly reason: SkipReason;
  /** The reason in words, with what to do; a sentence without its end. */
  readonly detail: string;
}

/** What became of the files of an import. */
export interface ImportReport {
  /** Files that were looked at; hidden ones and what systems leave behind (Thumbs.db, __MACOSX) are not counted. */
  readonly files: number;
  /** Images in the data sets. */
  readonly images: number;
  /** The other files, by name. */
  readonly skipped: readonly SkippedFile[];
  /** How long the import took. */
  readonly seconds: number;
  /** Why it ended before all files were read, a sentence: the browser's storage was full, or the page was closed. What was read is there. */
  readonly stopped?: string;
}

/**
 * A data set of pictures, as bytes of the size that was asked for. Where the tree has a folder `train` beside `validation`
 * or `test`, it holds what is to be trained on, and the others are in it.
 */
export interface ImageDataset extends Dataset {
  /** Bytes 0–255, [count, height, width, channels]; empty where they lie in the browser's file system and are read when needed. */
  readonly images: Uint8Array;
  /** The name of each class: its folder's. */
  readonly classNames: readonly string[];
  /** Where each image's file lies: "cats/7.jpg". */
  readonly names: readonly string[];
  /** What became of the files, of `validation` and `test` too. */
  readonly imported: ImportReport;
  /**
   * The pictures of the folder `validation` (or `valid`, `val`), with the same classes. No enumerable property, so that
   * copies (`split`, `subset`) and messages to workers hold one data set.
   */
  readonly validation?: ImageDataset;
  /** The pictures of the folder `test`, likewise. */
  readonly test?: ImageDataset;
}

/** The options that say what images become. */
type FormatOptions = Pick<ImageFolderOptions, "size" | "channels" | "fit" | "background" | "classNames">;

/** What is decided once for all pictures; plain data, which goes to workers. */
export interface PictureFormat {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly fit: "cover" | "contain" | "stretch";
  readonly background: "auto" | readonly [red: number, green: number, blue: number];
}

const OPTIONS: OptionKinds<ImageFolderOptions> = {
  ...{ size: "any", channels: "number", fit: "string", background: "any", classNames: "any" },
  ...{ signal: "any", onProgress: "any", control: "any" },
};

const MOST_SIDE = 4096;

/** The options, checked; `more` are those of one caller. Throws `ArgumentError`. */
export function checkFormat<T extends ImageFolderOptions>(
  options: T,
  more: Omit<OptionKinds<T>, keyof ImageFolderOptions>,
): PictureFormat {
  checkOptions("imageFolder", options, { ...OPTIONS, ...more } as OptionKinds<T>);
  const { control } = options;
  if (control !== undefined && !(control instanceof ImportControl)) {
    throw new ArgumentError(`imageFolder: control must be made by importControl(), got ${describeValue(control)}.`);
  }
  return checkedFormat("imageFolder", options);
}

/** What images are made of pictures, checked, and the names of their classes. `where` names the function in messages. */
export function checkedFormat(where: string, options: FormatOptions): PictureFormat {
  const { size, channels = 3, fit = "cover", background = "auto", classNames } = options;
  const isSide = (side: unknown) => Number.isInteger(side) && Number(side) >= 1 && Number(side) <= MOST_SIDE;
  if (!Array.isArray(size) || size.length !== 2 || !size.every(isSide)) {
    throw new ArgumentError(
      `${where}: size must be [height, width] in pixels, from 1 to ${MOST_SIDE}, as in size: [64, 64], got ` +
        `${describeValue(size)}.`,
    );
  }
  if (channels !== 1 && channels !== 3) {
    throw new ArgumentError(`${where}: channels must be 1 (grey) or 3 (colours), got ${describeValue(channels)}.`);
  }
  if (fit !== "cover" && fit !== "contain" && fit !== "stretch") {
    throw new ArgumentError(`${where}: fit must be "cover", "contain" or "stretch", got ${describeValue(fit)}.`);
  }
  if (
    classNames !== undefined &&
    !(Array.isArray(classNames) && classNames.every((name) => typeof name === "string"))
  ) {
    throw new ArgumentError(`${where}: classNames must be a list of folders' names, got ${describeValue(classNames)}.`);
  }
  const [height, width] = size as readonly [number, number];
  return { height, width, channels, fit, background: checkPictureOptions(where, { background }).background };
}
