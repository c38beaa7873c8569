/** The data set as it came, what the visitor changed of it, and how much of that is in use; kept in this browser. */
import type { Digits } from "../digits.ts";
import { read, store } from "../language.ts";
import {
  type Changes,
  changeOf,
  changesFromJson,
  changesToJson,
  correctedPart,
  countLeft,
  type Part,
  undone,
  withChange,
} from "./changes.ts";

const STORED = "corteza.changes.";

export class Corrections {
  #original: Digits | undefined;
  #changes: Changes = [];
  #used: Changes = [];
  #rows: Readonly<Record<Part, Int32Array>> = { heldOut: new Int32Array(), train: new Int32Array() };

  /** The data set as it came. */
  get original(): Digits | undefined {
    return this.#original;
  }

  get changes(): Changes {
    return this.#changes;
  }

  /** Whether the training's data set is not what the changes say. */
  get pending(): boolean {
    if (this.#changes === this.#used) return false;
    const key = (changes: Changes) => changes.map((change) => JSON.stringify(change)).sort();
    return key(this.#changes).join() !== key(this.#used).join();
  }

  /** Goes over to a data set; gives it with what was changed of it on this or an earlier visit. */
  take(original: Digits): Digits {
    this.#original = original;
    this.#changes = keptChanges(original);
    return this.use() ?? original;
  }

  /** The data set with all changes, from now on in use. Undefined before there is one. */
  use(): Digits | undefined {
    const original = this.#original;
    if (original === undefined) return undefined;
    const train = correctedPart(original.train, "train", this.#changes);
    const heldOut = correctedPart(original.heldOut, "heldOut", this.#changes);
    this.#used = this.#changes;
    this.#rows = { train: train.rows, heldOut: heldOut.rows };
    return { ...original, train: train.data, heldOut: heldOut.data };
  }

  /** The place, in the part as it came, of a picture of the part in use. */
  indexOf(part: Part, row: number): number {
    return this.#rows[part][row] ?? row;
  }

  /** The label that a picture has with all changes; undefined when it is taken out. */
  labelOf(part: Part, index: number): number | undefined {
    const change = changeOf(this.#changes, part, index);
    return change ? change.label : this.#original?.[part].labels[index];
  }

  /** Whether a picture may be taken out: the last one of a part stays. */
  canRemove(part: Part): boolean {
    return this.#original !== undefined && countLeft(this.#original[part], part, this.#changes) > 1;
  }

  /** Gives a picture a label, or takes it out with `undefined`. */
  change(part: Part, index: number, label: number | undefined): void {
    if (this.#original === undefined || (label === undefined && !this.canRemove(part))) return;
    this.#set(withChange(this.#changes, { part, index, label }, this.#original));
  }

  undo(part: Part, index: number): void {
    this.#set(undone(this.#changes, part, index));
  }

  undoAll(): void {
    this.#set([]);
  }

  toJson(): string {
    return this.#original ? changesToJson(this.#changes, this.#original) : "";
  }

  /** Adds the changes of a file, which win over those here. Throws `ChangesError`. */
  addJson(text: string): number {
    const original = this.#original;
    if (original === undefined) return 0;
    const added = changesFromJson(text, original);
    const all = added.reduce((before, change) => withChange(before, change, original), this.#changes);
    this.#set(changesFromJson(changesToJson(all, original), original));
    return added.length;
  }

  #set(changes: Changes): void {
    this.#changes = changes;
    if (this.#original) store(STORED + this.#original.id, changesToJson(changes, this.#original));
  }
}

function keptChanges(original: Digits): Changes {
  const kept = read(STORED + original.id);
  if (kept === null) return [];
  try {
    return changesFromJson(kept, original);
  } catch {
    // What another version kept, or somebody else, is of no use here.
    return [];
  }
}
