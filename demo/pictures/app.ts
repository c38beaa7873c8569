/** The parts of the view, for its panels. */
import type { Signal } from "@preact/signals";
import type { Collection } from "./collection.ts";
import type { Learner } from "./learner.ts";
import type { Reader } from "./reader.ts";

export interface App {
  readonly collection: Collection;
  readonly learner: Learner;
  readonly reader: Reader;
  /** Changes when colours did: what the style sheet does not colour is drawn again. */
  readonly drawn: Signal<number>;
  /** Trains, and has what else trains on this page give way. */
  train(): void;
  /** Has the page's view “Look inside” be about this network, or about its other one again. */
  lookInside(wanted: boolean): void;
  /** Takes files to where they belong: pictures to be read, folders and archives to be imported. */
  take(files: readonly File[]): void;
}
