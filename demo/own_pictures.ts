/**
 * The visitor's own data sets on this page: those of files that were opened, and those that this browser keeps. Fetched
 * when files are opened, or when something is kept from an earlier visit.
 */
import type { Digits, OwnId } from "./digits.ts";
import { make } from "./dom.ts";
import { bytes, count, wordsKey } from "./language.ts";
import { ownSay, PICTURES } from "./messages/own_pictures.ts";
import { readOwnFiles } from "./own_files.ts";
import { OwnFilesError } from "./own_files_error.ts";
import { dropSet, type KeptSet, keepSet, keptSets, loadSet } from "./own_store.ts";

import { plainName } from "./shown_name.ts";

export type OwnDigits = Digits & { readonly id: OwnId };

/** Something to tell the visitor, in the page's language at that time. */
export interface Said {
  words(): string;
  readonly refused: boolean;
}

export class OwnPictures {
  #kept: readonly KeptSet[] = [];
  /** Sets that this browser does not keep: they last as long as the page. */
  readonly #here = new Map<OwnId, OwnDigits>();
  readonly #onChange: () => void;
  #shown = "";

  /** `onChange`: what there is to choose changed. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
    void this.#refresh();
  }

  /** Whether the browser keeps a set for the next visit. */
  get keeps(): boolean {
    return this.#kept.length > 0;
  }

  /** What there is to choose, in the page's language. */
  get choices(): readonly { readonly id: OwnId; readonly words: string }[] {
    const kept = this.#kept.map(({ id, title, count: pictures }) => ({ id, title, pictures }));
    const here = [...this.#here.values()].map(({ id, title = "", train, heldOut }) => ({
      ...{ id, title, pictures: train.count + heldOut.count },
    }));
    return [...kept, ...here].map(({ id, title, pictures }) => ({
      id,
      words: ownSay().option(title, count(pictures)),
    }));
  }

  /** Looks again at what is kept. */
  async #refresh(): Promise<void> {
    this.#kept = await keptSets();
    for (const { id } of this.#kept) this.#here.delete(id);
    this.#onChange();
  }

  /** A data set from files, or what is wrong with them. It can be chosen from now on, and is not kept yet. */
  async open(files: readonly File[]): Promise<OwnDigits | Said> {
    try {
      const named = files.map(async (file) => ({
        name: plainName(file.name),
        bytes: new Uint8Array(await file.arrayBuffer()),
      }));
      const digits = { ...(await readOwnFiles(await Promise.all(named))), wording: PICTURES };
      this.#here.set(digits.id, digits);
      return digits;
    } catch (error) {
      const problem =
        error instanceof OwnFilesError ? error : new OwnFilesError("unreadable", [files[0]?.name ?? "", String(error)]);
      const [first = "", second = "", third = ""] = problem.words;
      return refusal(() => ownSay()[problem.why](first, second, third));
    }
  }

  /** Keeps a set in this browser; gives what to tell the visitor where that is not possible. */
  async keep(digits: OwnDigits): Promise<Said | undefined> {
    const keeping = await keepSet(digits);
    await this.#refresh();
    const { title = "" } = digits;
    if (keeping.kind === "kept") return undefined;
    if (keeping.kind === "refused") return refusal(() => ownSay().notKept(title));
    const { bytes: size, left } = keeping;
    return refusal(() => ownSay().notKeptFull(title, bytes(size), left === undefined ? undefined : bytes(left)));
  }

  /** A set, or what to say where it is not here: `keptGone` or `keptElsewhere`. */
  async find(id: OwnId, missing: "keptGone" | "keptElsewhere"): Promise<OwnDigits | Said> {
    const here = this.#here.get(id);
    if (here) return here;
    const kept = await loadSet(id);
    if (kept) return { ...kept, wording: PICTURES };
    await this.#refresh();
    return refusal(() => ownSay()[missing]);
  }

  /** Removes a kept set from this browser. The one in use, as it came, stays on the page. */
  async #remove({ id, title, bytes: size }: KeptSet, inUse: Digits | undefined): Promise<Said> {
    if (!(await dropSet(id))) return refusal(() => ownSay().keptNotRemoved(title));
    if (inUse?.id === id) this.#here.set(id, { ...inUse, id });
    await this.#refresh();
    const stays = this.#here.has(id);
    const words = () => (stays ? ownSay().keptRemovedInUse : ownSay().keptRemoved)(title, bytes(size));
    return { words, refused: false };
  }

  /** Lists what is kept, with its size and a way to remove it. `onRemove` hears what to tell the visitor. */
  render(place: HTMLElement, inUse: Digits | undefined, onRemove: (said: Said) => void): void {
    const key = JSON.stringify([wordsKey(), inUse?.id, this.#kept.map(({ id, time }) => [id, time])]);
    if (key === this.#shown) return;
    this.#shown = key;
    const text = ownSay();
    place.hidden = !this.keeps;
    const items = this.#kept.map((set) => {
      const { id, title, count: pictures, bytes: size } = set;
      const remove = make("button", { text: text.keptRemove });
      remove.type = "button";
      remove.ariaLabel = text.keptRemoveLabel(title);
      remove.addEventListener("click", () => void this.#remove(set, inUse).then(onRemove));
      const line = make("span", { text: text.keptLine(title, count(pictures), bytes(size)) });
      const note = make("span", { className: "note", text: inUse?.id === id ? text.keptInUse : "" });
      return make("li", {}, line, note, remove);
    });
    place.replaceChildren(make("h3", { text: text.keptHeading }), make("ul", { className: "run-list" }, ...items));
  }
}

function refusal(words: () => string): Said {
  return { words, refused: true };
}
