/** The list of trainings: the one at hand, and earlier ones to lay over its curves. */
import { find, make } from "../dom.ts";
import { count, percent, trainSay, wordsKey } from "../language.ts";
import type { Run } from "../run.ts";
import type { Overlay } from "./charts.ts";
import { writeLoss } from "./measurements.ts";
import { differences, type RunSettings } from "./run_settings.ts";
import { asRun, dropStoredRun, MOST_PAST_RUNS, type PastRun, storedRuns, storeRun } from "./run_store.ts";
import { runName } from "./run_words.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const COLORS = 6;
/** More curves than this at once cannot be told apart: an older one makes place for a new one. */
const MOST_SHOWN = 4;

interface Entry {
  past: PastRun;
  /** As the charts want it; made once. */
  readonly run: Run;
}

export class RunsPanel {
  readonly #onChange: () => void;
  readonly #place = find("runs", HTMLElement);
  #entries: Entry[] = [];
  #current: Run | undefined;
  /** What the list shows, and which of its measurements was stored last. */
  #listed = "";
  #stored = "";

  /** `onChange`: other runs are to be drawn. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
    void storedRuns().then((runs) => {
      const known = new Set(this.#entries.map(({ past }) => past.id));
      const stored = runs.filter(({ id }) => !known.has(id));
      this.#entries = [...stored.map((past) => ({ past, run: asRun(past) })), ...this.#entries];
      this.#onChange();
    });
  }

  /** The runs to lay over the one at hand. */
  get overlays(): Overlay[] {
    return this.#others
      .filter(({ past }) => past.shown)
      .map(({ past, run }) => ({ letter: past.letter, color: `--run-${colorOf(past)}`, run }));
  }

  get #others(): Entry[] {
    return this.#entries.filter(({ past }) => past.id !== this.#current?.id);
  }

  /** Shows the training at hand among the others, and keeps it at each of its measurements. */
  show(run: Run): void {
    const before = this.#current;
    if (before && before.id !== run.id) this.#keep(before);
    this.#current = run;
    const latest = run.measurements.at(-1);
    const stored = `${run.id} ${latest?.step} ${latest?.loss} ${run.events.length}`;
    if (latest && latest.step > 0 && stored !== this.#stored) this.#keep(run);
    this.#stored = stored;
    const others = this.#others;
    const key = JSON.stringify([wordsKey(), stored, run.settings, others.map(({ past }) => [past.id, past.shown])]);
    if (key === this.#listed) return;
    this.#listed = key;
    find("runs-section", HTMLElement).hidden = others.length === 0;
    this.#place.replaceChildren(this.#currentRow(run), ...others.map(({ past }) => this.#row(past)).reverse());
  }

  /** The settings of the run before this one. */
  #before(id: string): RunSettings | undefined {
    const index = this.#entries.findIndex(({ past }) => past.id === id);
    return (index < 0 ? this.#entries.at(-1) : this.#entries[index - 1])?.past.settings;
  }

  #keep(run: Run): void {
    const { settings, id, measurements, events } = run;
    if (settings === undefined || run.losses.length === 0) return;
    const index = this.#entries.findIndex(({ past }) => past.id === id);
    const known = this.#entries[index]?.past;
    const before = this.#before(id);
    const column = (values: readonly (number | null)[]) => Float32Array.from(values, (value) => value ?? Number.NaN);
    const past: PastRun = {
      id,
      time: Date.now(),
      letter: known?.letter ?? this.#freeLetter(),
      settings,
      changes: known?.changes ?? (before && differences(before, settings)),
      shown: known?.shown ?? true,
      losses: column(run.losses),
      accuracies: column(run.accuracies),
      measurements: structuredClone(measurements),
      events: structuredClone(events),
    };
    const entry = { past, run: asRun(past) };
    if (index < 0) this.#entries.push(entry);
    else this.#entries[index] = entry;
    void storeRun(past);
    for (const { past } of this.#entries.splice(0, Math.max(0, this.#entries.length - MOST_PAST_RUNS))) {
      void dropStoredRun(past.id);
    }
    const shown = this.#entries.filter((one) => one.past.shown && one.past.id !== id);
    for (const one of shown.slice(0, Math.max(0, shown.length - MOST_SHOWN))) this.#setShown(one, false);
  }

  #freeLetter(): string {
    const taken = new Set(this.#entries.map(({ past }) => past.letter));
    return [...LETTERS].find((letter) => !taken.has(letter)) ?? "Z";
  }

  #setShown(entry: Entry, shown: boolean): void {
    entry.past = { ...entry.past, shown };
    void storeRun(entry.past);
  }

  #currentRow(run: Run): HTMLElement {
    const before = this.#before(run.id);
    const known = this.#entries.find(({ past }) => past.id === run.id)?.past;
    const changes = known ? known.changes : before && run.settings && differences(before, run.settings);
    const words = run.settings === undefined ? trainSay().runNotBegun : runName(changes, run.events);
    const head = make("th", {}, make("span", { className: "run-letter now", text: trainSay().runNow }), text(words));
    head.scope = "row";
    return make("tr", {}, head, ...figures(run), make("td"));
  }

  #row(past: PastRun): HTMLElement {
    const words = trainSay();
    const name = runName(past.changes, past.events);
    const box = make("input");
    box.type = "checkbox";
    box.checked = past.shown;
    const color = `run-color-${colorOf(past)}`;
    const letter = make("span", { className: `run-letter ${color}`, text: past.letter });
    const label = make("label", { className: "run-name" }, box, letter, text(name));
    box.addEventListener("change", () => {
      const entry = this.#entries.find((one) => one.past.id === past.id);
      if (entry) this.#setShown(entry, box.checked);
      this.#onChange();
      // The list was made anew.
      this.#boxes()
        .find((one) => one.dataset["run"] === past.id)
        ?.focus();
    });
    box.dataset["run"] = past.id;
    const remove = make("button", { text: words.runDelete });
    remove.type = "button";
    remove.ariaLabel = words.runDeleteLabel(past.letter, name);
    remove.addEventListener("click", () => {
      this.#entries = this.#entries.filter((one) => one.past.id !== past.id);
      void dropStoredRun(past.id);
      this.#onChange();
      (this.#boxes()[0] ?? find("run", HTMLButtonElement)).focus();
    });
    const head = make("th", {}, label);
    head.scope = "row";
    return make("tr", {}, head, ...figures(asShown(past)), make("td", { className: "run-action" }, remove));
  }

  #boxes(): HTMLInputElement[] {
    return [...this.#place.querySelectorAll("input")];
  }
}

function text(words: string): Text {
  return document.createTextNode(words);
}

function colorOf({ letter }: PastRun): number {
  return (LETTERS.indexOf(letter) % COLORS) + 1;
}

interface Figures {
  readonly losses: { readonly length: number };
  readonly measurements: readonly { readonly loss: number; readonly accuracy: number }[];
  readonly events: readonly { readonly kind: string }[];
}

function asShown({ losses, measurements, events }: PastRun): Figures {
  return { losses, measurements, events };
}

/** Steps, held-out loss and accuracy at the end of a run. */
function figures({ losses, measurements, events }: Figures): HTMLElement[] {
  const latest = measurements.at(-1);
  const loss = events.at(-1)?.kind === "diverged" ? "NaN" : writeLoss(latest?.loss);
  const accuracy = latest === undefined ? "–" : percent(latest.accuracy, 1);
  return [count(losses.length), loss, accuracy].map((words) => make("td", { text: words }));
}
