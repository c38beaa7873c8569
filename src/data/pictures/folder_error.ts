import { ArgumentError } from "../../core/errors.ts";

/** Files of which `imageFolder` makes no data set. Nothing was kept. */
export class ImageFolderError extends ArgumentError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "ImageFolderError";
  /**
   * What is wrong: there are no files; they lie in no folder; in one folder alone; in folders whose names differ in nothing but case
   * or white space; in a folder that is none of `classNames`; or none of them became an image to train on.
   */
  readonly reason: "no-files" | "no-folders" | "one-class" | "alike" | "unknown-class" | "no-images";
  /** The folders that are meant: the only one, the two alike, the unknown one; else none. */
  readonly folders: readonly string[];

  constructor(reason: ImageFolderError["reason"], message: string, folders: readonly string[] = []) {
    super(message);
    this.reason = reason;
    this.folders = folders;
  }
}
