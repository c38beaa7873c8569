/** How the training goes: epochs, learning rate, optimizer, batch size, seed, and when it stops before its end. */
import { bindCheck, bindSelect, setSetting, setting } from "../address.ts";
import { find, make, write } from "../dom.ts";
import { count, learningRate as rateText } from "../language.ts";
import type { Session } from "../session.ts";
import { complete, OPTIMIZERS, type OptimizerName, optimizerOf } from "../setup.ts";
import type { Row } from "./design.ts";
import { trainSay } from "./messages.ts";
import { optimizerName } from "./setting_names.ts";
import type { StopConditions } from "./stopping.ts";

/** The GPU counts in 32-bit floats. Any rate that they can hold may be tried: too large ones show what divergence is. */
const LARGEST_FLOAT32 = 3.4e38;
/** As many as a network file may ask for. */
const MOST_BATCH = 4096;
const SEED = /^\d{1,5}$/;

/** The fields of the conditions: how to read each, and what it may be. */
const STOPS = {
  accuracy: { id: "stop-accuracy", scale: 100, least: 1, most: 100 },
  patience: { id: "stop-patience", scale: 1, least: 1, most: 1000 },
  minutes: { id: "stop-minutes", scale: 1, least: 0.05, most: 1440 },
  steps: { id: "stop-steps", scale: 1, least: 1, most: 1e6 },
} as const satisfies Record<keyof StopConditions, { id: string; scale: number; least: number; most: number }>;

export interface TrainSettingsOptions {
  session: Session;
  /** The network that the visitor chose, if he did. */
  network: readonly Row[] | undefined;
  /** Something that the page shows changed. */
  onChange(): void;
  /** A setting went into the address. */
  onSetting(): void;
}

export class TrainSettings {
  readonly #session: Session;
  readonly #options: TrainSettingsOptions;
  readonly #epochs = find("epochs", HTMLSelectElement);
  readonly #rate = find("learning-rate", HTMLInputElement);
  readonly #slider = find("learning-rate-slider", HTMLInputElement);
  readonly #optimizer = find("optimizer", HTMLSelectElement);
  readonly #batch = find("batch-size", HTMLSelectElement);
  readonly #seed = find("seed", HTMLInputElement);
  readonly #vary = find("augment", HTMLInputElement);
  /** As many networks were opened when the address took their settings. */
  #adoptions = 0;

  /** Takes what the address asks for, and has the session plan for it. */
  constructor(options: TrainSettingsOptions) {
    this.#options = options;
    this.#session = options.session;
    bindSelect("epochs", this.#epochs);
    this.#epochs.addEventListener("change", () => this.#changed());
    this.#bindSetup();
    this.#bindRate();
    this.#bindVary();
    this.#bindStops();
  }

  /** Epochs that a press on Train goes through. */
  get epochs(): number {
    return Number(this.#epochs.value);
  }

  /** Shows what the session may have changed by itself; not over what somebody is about to choose or to type. */
  render(): void {
    const { batchSize, learningRate, seed, augment, adoptions, run } = this.#session;
    const opened = adoptions !== this.#adoptions;
    const free = (...controls: HTMLElement[]) => opened || !controls.some((one) => one === document.activeElement);
    if (free(this.#optimizer)) this.#showOptimizer();
    if (free(this.#batch)) this.#showBatch(batchSize);
    if (free(this.#seed)) this.#seed.value = String(seed);
    if (free(this.#rate, this.#slider)) this.#showRate(learningRate);
    this.#vary.checked = augment;
    if (opened) this.#takeFromFile();
    const changed = run.events.findLast(({ kind }) => kind === "learningRate");
    const note = changed ? trainSay().rateSince(rateText(learningRate), count(changed.step)) : "";
    write(find("rate-note", HTMLElement), note);
  }

  /** The rule of the session, by the page's name; one that came with a file and that the page does not offer, by its own. */
  #showOptimizer(): void {
    const { rule } = this.#session.optimizer;
    const name = optimizerOf(rule) ?? "";
    const foreign = [...this.#optimizer.options].find(({ value }) => value === "");
    if (name !== "") foreign?.remove();
    else if (foreign) foreign.text = optimizerName(rule.kind);
    else this.#optimizer.prepend(new Option(optimizerName(rule.kind), ""));
    this.#optimizer.value = name;
  }

  #showBatch(size: number): void {
    const value = String(size);
    if (![...this.#batch.options].some((option) => option.value === value)) {
      const next = [...this.#batch.options].find((option) => Number(option.value) > size) ?? null;
      this.#batch.add(new Option(value, value), next);
    }
    this.#batch.value = value;
  }

  /** The settings of a network that was opened from a file are the page's from then on, and go into the address. */
  #takeFromFile(): void {
    const { adoptions, optimizer, batchSize, learningRate, seed, augment, backendKind } = this.#session;
    const usual = complete({}, backendKind);
    this.#adoptions = adoptions;
    const name = optimizerOf(optimizer.rule);
    this.#session.plan({ optimizer: name, batchSize, seed });
    setSetting("optimizer", name === usual.optimizer ? undefined : name);
    setSetting("learning-rate", learningRate === this.#usualRate ? undefined : String(learningRate));
    setSetting("batch-size", batchSize === usual.batchSize ? undefined : String(batchSize));
    setSetting("seed", seed === usual.seed || !SEED.test(String(seed)) ? undefined : String(seed));
    setSetting("vary", augment ? undefined : "0");
    this.#options.onSetting();
  }

  /** Writes what the page's language changes. */
  translate(): void {
    for (const option of this.#optimizer.options) if (option.value !== "") option.text = optimizerName(option.value);
    this.render();
  }

  #changed(): void {
    this.#options.onSetting();
    this.#options.onChange();
  }

  /** Network, optimizer, batch size and seed: what the address asks for now, what the visitor changes later. */
  #bindSetup(): void {
    const session = this.#session;
    const { network, onSetting } = this.#options;
    for (const name of Object.keys(OPTIMIZERS)) {
      const option = make("option");
      option.value = name;
      this.#optimizer.append(option);
    }
    bindSelect("optimizer", this.#optimizer);
    const size = Number(setting("batch-size"));
    const batch = Number.isInteger(size) && size >= 1 && size <= MOST_BATCH ? size : undefined;
    const seed = SEED.exec(setting("seed") ?? "")?.[0];
    if (seed !== undefined) this.#seed.value = seed;
    session.plan({
      optimizer: this.#optimizer.value as OptimizerName,
      ...(batch === undefined ? {} : { batchSize: batch }),
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(network === undefined ? {} : { network }),
    });
    this.#optimizer.addEventListener("change", () => {
      const optimizer = this.#optimizer.value as OptimizerName;
      this.#setRate(OPTIMIZERS[optimizer].learningRate);
      onSetting();
      void session.setUp({ optimizer });
    });
    this.#batch.addEventListener("change", () => {
      setSetting("batch-size", this.#batch.value);
      onSetting();
      void session.setUp({ batchSize: Number(this.#batch.value) });
    });
    this.#seed.addEventListener("change", () => {
      if (!SEED.test(this.#seed.value)) this.#seed.value = String(session.seed);
      setSetting("seed", this.#seed.value === "1" ? undefined : this.#seed.value);
      onSetting();
      void session.setUp({ seed: Number(this.#seed.value) });
    });
  }

  /** The field takes any rate, the slider a rate of each size; either shows the other's. */
  #bindRate(): void {
    const usual = OPTIMIZERS[this.#optimizer.value as OptimizerName].learningRate;
    const wanted = Number(setting("learning-rate") ?? usual);
    this.#setRate(isRate(wanted) ? wanted : usual);
    this.#rate.addEventListener("change", () => {
      const rate = Number(this.#rate.value);
      this.#setRate(isRate(rate) ? rate : this.#session.learningRate);
      this.#changed();
    });
    const sliderRate = () => Number((10 ** Number(this.#slider.value)).toPrecision(2));
    this.#slider.addEventListener("input", () => this.#showRate(sliderRate()));
    this.#slider.addEventListener("change", () => {
      this.#setRate(sliderRate());
      this.#changed();
    });
  }

  /** Undefined for an optimizer that the page does not offer. */
  get #usualRate(): number | undefined {
    const name = Object.keys(OPTIMIZERS).find((one) => one === this.#optimizer.value) as OptimizerName | undefined;
    return name && OPTIMIZERS[name].learningRate;
  }

  #setRate(rate: number): void {
    this.#session.setLearningRate(rate);
    setSetting("learning-rate", rate === this.#usualRate ? undefined : String(rate));
    this.#showRate(rate);
  }

  #showRate(rate: number): void {
    const text = String(Number(rate.toPrecision(4)));
    if (this.#rate.value !== text) this.#rate.value = text;
    if (document.activeElement !== this.#slider) this.#slider.value = String(Math.log10(rate));
    this.#slider.setAttribute("aria-valuetext", rateText(rate));
  }

  #bindVary(): void {
    bindCheck("vary", this.#vary);
    this.#session.augment = this.#vary.checked;
    this.#vary.addEventListener("change", () => {
      this.#session.augment = this.#vary.checked;
      this.#changed();
    });
  }

  #bindStops(): void {
    const read = () => {
      const conditions: Partial<Record<keyof StopConditions, number>> = {};
      for (const kind of Object.keys(STOPS) as (keyof typeof STOPS)[]) {
        const { id, scale, least, most } = STOPS[kind];
        const field = find(id, HTMLInputElement);
        const value = Number(field.value);
        if (field.value === "" || !(value >= least && value <= most)) field.value = "";
        else conditions[kind] = value / scale;
        setSetting(id, field.value === "" ? undefined : field.value);
      }
      this.#session.stopping = conditions;
    };
    const restore = find("restore-best", HTMLInputElement);
    const boxes = Object.values(STOPS).map(({ id }) => find(id, HTMLInputElement));
    for (const box of boxes) {
      box.value = setting(box.id) ?? "";
      box.addEventListener("change", () => {
        read();
        this.#changed();
      });
    }
    bindCheck("restore-best", restore);
    restore.addEventListener("change", () => {
      this.#session.restoresBest = restore.checked;
      this.#changed();
    });
    this.#session.restoresBest = restore.checked;
    read();
    // What the address asks for shows.
    find("more-settings", HTMLDetailsElement).open = boxes.some(({ value }) => value !== "");
  }
}

function isRate(rate: number): boolean {
  return rate > 0 && rate <= LARGEST_FLOAT32;
}
