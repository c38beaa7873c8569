/** “Your pictures”: fetched when the view is opened for the first time. */
import { effect, signal, untracked } from "@preact/signals";
import { render } from "preact";
import type { ImageFiles } from "../../src/data/pictures/listing.ts";
import { PICTURES } from "../messages/own_pictures.ts";
import type { Force } from "../setup.ts";
import type { App } from "./app.ts";
import { Collection } from "./collection.ts";
import { DataPanel } from "./data_panel.tsx";
import { ImportPanel, ProblemNotice } from "./import_panel.tsx";
import { InsideBridge } from "./inside_bridge.ts";
import { InsideHead } from "./inside_head.tsx";
import { keptTraining } from "./keep.ts";
import { Learner } from "./learner.ts";
import { MistakesPanel } from "./mistakes_panel.tsx";
import { OpenPanel } from "./open_panel.tsx";
import styles from "./pictures.css?url";
import { Reader } from "./reader.ts";
import { RecordPanel } from "./record_panel.tsx";
import { TrainPanel } from "./train_panel.tsx";
import { TryPanel } from "./try_panel.tsx";

export interface PicturesOptions {
  readonly force: Force;
  /** Whether what else the page trains runs without WebGPU. */
  onCpu(): boolean;
  /** It begins to train: what else trains gives way. */
  onTraining(): void;
  /** “Look inside” is to be about this network, or about the page's other one again. */
  onInside(wanted: boolean): void;
}

/** Resolves when the view's style sheet is there. A script's own would be against the page's security policy. */
export function stylesLoaded(): Promise<void> {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: styles });
  return new Promise((resolve, reject) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => {
      link.remove();
      reject(new Error("The style sheet of the view could not be loaded."));
    });
    document.head.append(link);
  });
}

export class PicturesView {
  readonly #app: App;
  readonly #inside: InsideBridge;
  #visible = false;

  constructor(place: HTMLElement, { force, onCpu, onTraining, onInside }: PicturesOptions) {
    const collection = new Collection(onCpu);
    const set = () => collection.set.value;
    const learner = new Learner(force, set, () => collection.keeping.value?.kind !== "refused");
    const reader = new Reader(learner, set);
    this.#inside = new InsideBridge(learner, () => reader.reading.value?.bytes);
    this.#app = {
      lookInside: onInside,
      ...{ collection, learner, reader, drawn: signal(0) },
      train() {
        onTraining();
        learner.train();
      },
      take: (files) => this.#take(files),
    };
    this.#follow();
    place.replaceChildren();
    render(<Panels app={this.#app} />, place);
    const head = document.createElement("div");
    head.className = "inside-picture";
    document.querySelector(".inside-head")?.prepend(head);
    render(<InsideHead app={this.#app} />, head);
    void this.#open();
    this.#hearDrops();
  }

  /** Draws again what the style sheet does not colour. */
  redraw(): void {
    this.#app.drawn.value++;
  }

  /** Whether the page looks into this network. */
  set insideVisible(visible: boolean) {
    this.#inside.visible = visible;
  }

  /** What the classes are called, and the page's words for the pictures. */
  get classes() {
    const set = this.#app.collection.set.value;
    return set && { names: set.classNames, title: set.title, wording: PICTURES };
  }

  set visible(visible: boolean) {
    this.#visible = visible;
    if (visible) return;
    this.#app.collection.recorder.value?.turnOff();
    this.#app.reader.stopLive();
  }

  /** Imports what was chosen or dropped elsewhere on the page. */
  open(files: ImageFiles): Promise<void> {
    return this.#app.collection.add(files);
  }

  /** What is kept from an earlier visit, and the training on it. */
  async #open(): Promise<void> {
    const { collection, learner } = this.#app;
    await collection.open();
    const kept = await keptTraining();
    if (kept && kept.set === collection.set.value?.id) await learner.takeUp(kept);
  }

  /** Another set is another training; while that goes on, the picture at hand is read again. */
  #follow(): void {
    const { collection, learner, reader } = this.#app;
    let known: string | undefined;
    effect(() => {
      const id = collection.set.value?.id;
      if (id === known) return;
      const isFirst = known === undefined;
      known = id;
      if (isFirst) return;
      untracked(() => {
        reader.forget();
        void learner.reset();
      });
    });
    effect(() => {
      const learned = learner.score.value !== undefined;
      untracked(() => {
        if (learned) {
          void reader.again();
          this.#inside.refresh();
        } else {
          reader.forget();
          this.#app.lookInside(false);
        }
      });
    });
    effect(() => {
      if (reader.reading.value) this.#inside.look();
    });
  }

  /** Before the page's own listeners, which would put a picture on the pad. */
  #hearDrops(): void {
    const hear = (event: Event, transfer: DataTransfer | null) => {
      if (!this.#visible || transfer === null || transfer.items.length === 0) return;
      const files = [...transfer.files];
      if (files.length === 0) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const entries = [...transfer.items].map((item) => (item.kind === "file" ? item.webkitGetAsEntry?.() : null));
      const isPicture = files.every((file, index) => file.type.startsWith("image/") && !entries[index]?.isDirectory);
      // Pictures in no folder have no class: one is there to be read, several tell what is missing.
      if (isPicture && files.length === 1 && this.#app.learner.hasLearned) this.#take(files);
      else void this.#app.collection.add(event instanceof DragEvent ? transfer : files);
    };
    addEventListener("drop", (event) => hear(event, event.dataTransfer), { capture: true });
    addEventListener("paste", (event) => hear(event, event.clipboardData), { capture: true });
  }

  #take(files: readonly File[]): void {
    const [file] = files;
    if (file) void this.#app.reader.open(file);
  }
}

function Panels({ app }: { app: App }) {
  const { collection } = app;
  const set = collection.set.value;
  const importing = collection.importing.value !== undefined;
  const recording = collection.recorder.value !== undefined;
  if (!collection.opened.value && set === undefined && !importing) return null;
  return (
    <>
      <ProblemNotice app={app} />
      <ImportPanel app={app} />
      <RecordPanel app={app} />
      {set === undefined && !importing && !recording && <OpenPanel app={app} />}
      {set && !recording && <DataPanel app={app} />}
      {set && !recording && (
        <>
          <TrainPanel app={app} set={set} />
          <TryPanel app={app} set={set} />
          <MistakesPanel app={app} set={set} />
        </>
      )}
    </>
  );
}
