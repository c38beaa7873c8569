/** How the training goes: epochs, learning rate, optimizer, batch size, seed, and when it stops before its end. */
import { bindCheck, bindSelect, setSetting, setting } from "../address.ts";
import { find, make, write } from "../dom.ts";
import { count, fieldNumber, learningRate as rateText, say, trainSay } from "../language.ts";
import { NumberField } from "../number_field.ts";
import type { Session } from "../session.ts";
import { complete, OPTIMIZERS, type OptimizerName, optimizerOf } from "../setup.ts";
import type { Row } from "./design.ts";
import { optimizerName } from "./setting_names.ts";
import type { StopConditions } from "./stopping.ts";

/** The GPU counts in 32-bit floats. Any rate that they can hold may be tried: too large ones show what divergence is. */
const LARGEST_FLOAT32 = 3.4e38;
/** As many as a network file may ask for. */
const MOST_BATCH = 4096;
const MOST_SEED = 99999;
/** The smallest that no GPU takes for 0. */
const SMALLEST_FLOAT32 = 1.2e-38;

interface StopField {
  readonly id: string;
  /** How much larger the field's number is than the condition's. */
  readonly scale: number;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

/** The fields of the conditions. */
const STOPS: Readonly<Record<keyof StopConditions, StopField>> = {
  accuracy: { id: "stop-accuracy", scale: 100, least: 1, most: 100, whole: false },
  patience: { id: "stop-patience", scale: 1, least: 1, most: 1000, whole: true },
  minutes: { id: "stop-minutes", scale: 1, least: 0.05, most: 1440, whole: false },
  steps: { id: "stop-steps", scale: 1, least: 1, most: 1e6, whole: true },
};

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
  readonly #rate = new NumberField(find("learning-rate", HTMLInputElement), {
    ...{ least: SMALLEST_FLOAT32, most: LARGEST_FLOAT32 },
    note: find("learning-rate-note", HTMLElement),
    take: (rate) => {
      if (rate === undefined) return;
      this.#setRate(rate);
      this.#changed();
    },
  });
  readonly #slider = find("learning-rate-slider", HTMLInputElement);
  readonly #optimizer = find("optimizer", HTMLSelectElement);
  readonly #batch = find("batch-size", HTMLSelectElement);
  readonly #seed = new NumberField(find("seed", HTMLInputElement), {
    ...{ least: 0, most: MOST_SEED, whole: true, step: 1 },
    take: (seed = 0) => {
      setSetting("seed", seed === 1 ? undefined : String(seed));
      this.#options.onSetting();
      void this.#session.setUp({ seed });
    },
  });
  readonly #stops: readonly { kind: keyof StopConditions; field: NumberField }[] = (
    Object.keys(STOPS) as (keyof StopConditions)[]
  ).map((kind) => {
    const { id, least, most, whole } = STOPS[kind];
    const field = new NumberField(find(id, HTMLInputElement), {
      ...{ least, most, whole, optional: true, step: 1 },
      take: (value) => {
        setSetting(id, value === undefined ? undefined : String(value));
        this.#readStops();
        this.#changed();
      },
    });
    return { kind, field };
  });
  readonly #vary = find("augment", HTMLInputElement);
  /** As many networks were opened when the address took their settings. */
  #adoptions = 0;
  /** Whether the address asks for a batch size that no batch can have. */
  #batchRefused = false;
  /** The learning rate that the address has. */
  #addressed: number | undefined;

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
    this.#seed.show(seed);
    if (learningRate !== this.#addressed) this.#address(learningRate);
    this.#showRate(learningRate);
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
      this.#batch.add(new Option(fieldNumber(size), value), next);
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
    this.#address(learningRate);
    setSetting("batch-size", batchSize === usual.batchSize ? undefined : String(batchSize));
    setSetting("seed", seed === usual.seed || seed > MOST_SEED ? undefined : String(seed));
    setSetting("vary", augment ? undefined : "0");
    this.#options.onSetting();
  }

  /** Writes what the page's language changes. */
  translate(): void {
    for (const option of this.#optimizer.options) if (option.value !== "") option.text = optimizerName(option.value);
    for (const field of [this.#rate, this.#seed, ...this.#stops.map((stop) => stop.field)]) field.translate();
    this.#tellBatch();
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
    const size = Number(setting("batch-size") ?? Number.NaN);
    const batch = Number.isInteger(size) && size >= 1 && size <= MOST_BATCH ? size : undefined;
    this.#batchRefused = batch === undefined && setting("batch-size") !== undefined;
    this.#seed.start(setting("seed") ?? "1", 1);
    session.plan({
      optimizer: this.#optimizer.value as OptimizerName,
      ...(batch === undefined ? {} : { batchSize: batch }),
      ...(this.#seed.value === 1 ? {} : { seed: this.#seed.value }),
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
      this.#batchRefused = false;
      this.#tellBatch();
      onSetting();
      void session.setUp({ batchSize: Number(this.#batch.value) });
    });
  }

  /** What the address asked for and what no batch can have. */
  #tellBatch(): void {
    const text = say();
    const range = text.fieldWhole(fieldNumber(1), fieldNumber(MOST_BATCH));
    const note = find("batch-note", HTMLElement);
    note.hidden = !this.#batchRefused;
    write(note, this.#batchRefused ? `${text.batchSizeRefused} ${text.fieldAllowed(range)}` : "");
  }

  /** The field takes any rate, the slider a rate of each size; either shows the other's. */
  #bindRate(): void {
    const usual = OPTIMIZERS[this.#optimizer.value as OptimizerName].learningRate;
    this.#rate.start(setting("learning-rate") ?? String(usual), usual);
    this.#session.setLearningRate(this.#rate.value ?? usual);
    this.#addressed = this.#rate.value;
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
    this.#address(rate);
    this.#showRate(rate);
  }

  /** The rate of the session goes into the address, whoever changed it. */
  #address(rate: number): void {
    this.#addressed = rate;
    setSetting("learning-rate", rate === this.#usualRate ? undefined : String(rate));
    this.#options.onSetting();
  }

  #showRate(rate: number): void {
    if (document.activeElement !== this.#slider || rate !== this.#session.learningRate) this.#rate.show(rate);
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

  #readStops(): void {
    const conditions: Partial<Record<keyof StopConditions, number>> = {};
    for (const { kind, field } of this.#stops) {
      if (field.value !== undefined) conditions[kind] = field.value / STOPS[kind].scale;
    }
    this.#session.stopping = conditions;
  }

  #bindStops(): void {
    const restore = find("restore-best", HTMLInputElement);
    const asked = this.#stops.filter(({ kind, field }) => {
      const text = setting(STOPS[kind].id);
      if (text !== undefined) field.start(text, undefined);
      return text !== undefined;
    });
    bindCheck("restore-best", restore);
    restore.addEventListener("change", () => {
      this.#session.restoresBest = restore.checked;
      this.#changed();
    });
    this.#session.restoresBest = restore.checked;
    this.#readStops();
    // What the address asks for shows.
    find("more-settings", HTMLDetailsElement).open = asked.length > 0;
  }
}
