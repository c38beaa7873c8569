/** The view "Train": settings, curves, measurements, the digits, the network, where the time goes. */
import { bindCheck, bindSelect, setSetting, setting } from "../address.ts";
import { find, write } from "../dom.ts";
import { count, language, say, significant } from "../language.ts";
import { showFacts } from "../network_table.ts";
import type { Notice } from "../notices.ts";
import { ProfilePanel } from "../profile_panel.ts";
import { Samples } from "../samples.ts";
import type { Session } from "../session.ts";
import { Builder } from "./builder.ts";
import { CurvesPanel } from "./curves_panel.ts";
import { Download } from "./download.ts";

export interface TrainViewOptions {
  session: Session;
  /** Something that the page shows changed. */
  onChange(): void;
  /** A setting went into the address. */
  onSetting(): void;
}

export class TrainView {
  readonly #session: Session;
  readonly #epochs = find("epochs", HTMLSelectElement);
  readonly #rate = find("learning-rate", HTMLSelectElement);
  readonly #curves: CurvesPanel;
  readonly #batch = find("batch-size", HTMLSelectElement);
  readonly #seed = find("seed", HTMLInputElement);
  readonly #builder: Builder;
  readonly #samples: Samples;
  readonly #profile: ProfilePanel;
  readonly #download: Download;
  #shownDigits: unknown;
  #backend = "";
  #shownModel = "";
  #shownFacts = "";

  constructor({ session, onChange, onSetting }: TrainViewOptions) {
    this.#session = session;
    this.#curves = new CurvesPanel(onSetting);
    this.#samples = new Samples((pixels) => session.predict(pixels));
    this.#profile = new ProfilePanel(() => session.profile());
    this.#download = new Download({ onDigits: (digits) => session.useDigits(digits), onChange });
    bindSelect("epochs", this.#epochs);
    bindSelect("learning-rate", this.#rate);
    for (const select of [this.#epochs, this.#rate]) select.addEventListener("change", onSetting);
    this.#builder = new Builder({
      usualPreset: () => (session.backendKind === "webgpu" ? "reference" : "tiny"),
      hasLearned: () => session.steps > 0,
      foreign: () => (session.isFromFile ? session.model : undefined),
      use: (network) => void session.setUp({ network }),
      onSetting,
    });
    this.#bindSetup(onSetting);
    const vary = find("augment", HTMLInputElement);
    bindCheck("vary", vary);
    session.augment = vary.checked;
    vary.addEventListener("change", () => {
      session.augment = vary.checked;
      onSetting();
    });
    session.setLearningRate(Number(this.#rate.value));
    this.#epochs.addEventListener("change", onChange);
    this.#rate.addEventListener("change", () => session.setLearningRate(Number(this.#rate.value)));
  }

  /** Batch size, seed and network: what the address asks for now, what the visitor changes later. */
  #bindSetup(onSetting: () => void): void {
    const session = this.#session;
    const sizes = [...this.#batch.options].map(({ value }) => value);
    const batch = sizes.find((size) => size === setting("batch-size"));
    const seed = /^\d{1,5}$/.exec(setting("seed") ?? "")?.[0];
    if (seed !== undefined) this.#seed.value = seed;
    const network = this.#builder.isChosen ? this.#builder.network : undefined;
    session.plan({
      ...(batch === undefined ? {} : { batchSize: Number(batch) }),
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(network === undefined ? {} : { network }),
    });
    this.#batch.addEventListener("change", () => {
      setSetting("batch-size", this.#batch.value);
      onSetting();
      void session.setUp({ batchSize: Number(this.#batch.value) });
    });
    this.#seed.addEventListener("change", () => {
      if (!/^\d{1,5}$/.test(this.#seed.value)) this.#seed.value = String(session.seed);
      setSetting("seed", this.#seed.value === "1" ? undefined : this.#seed.value);
      onSetting();
      void session.setUp({ seed: Number(this.#seed.value) });
    });
  }

  /** Epochs that a press on Train goes through. */
  get epochs(): number {
    return Number(this.#epochs.value);
  }

  /** Has the session train on all digits. */
  loadAll(): Promise<void> {
    return this.#download.load();
  }

  /** What went wrong in this view alone. */
  get notice(): Notice | undefined {
    return this.#download.notice;
  }

  /** Draws again what the style sheet does not colour. */
  redraw(): void {
    this.#curves.redraw();
  }

  /** `plannedTarget`: the step that the training goes or would go to. */
  render({ plannedTarget }: { plannedTarget: number }): void {
    const { phase, digits, usable } = this.#session;
    this.#profile.usable = usable && digits !== undefined;
    this.#download.render(digits !== undefined);
    this.#renderNetwork();
    this.#curves.show(this.#session.run, plannedTarget, phase === "training");
    if (digits && digits !== this.#shownDigits) {
      this.#shownDigits = digits;
      this.#samples.show(digits.heldOut);
    }
  }

  /** Reads the sample digits again, because the network has learned. */
  reread(): void {
    void this.#samples.refresh();
  }

  /** Writes everything in the page's language. */
  translate(): void {
    for (const option of this.#rate.options) option.text = significant(Number(option.value), 2);
    this.#curves.translate();
    this.#samples.render();
    this.#profile.render();
  }

  #renderNetwork(): void {
    const text = say();
    const { backendKind, model, batchSize, digits, stats } = this.#session;
    const key = `${backendKind} ${language()} ${this.#session.isFromFile}`;
    if (key !== this.#shownModel) {
      if (backendKind !== this.#backend) this.#builder.usualChanged();
      else this.#builder.render();
      this.#backend = backendKind;
      this.#shownModel = key;
    }
    if (document.activeElement !== this.#batch) this.#batch.value = String(batchSize);
    write(
      find("data-line", HTMLElement),
      digits ? text.dataLine(count(digits.train.count), count(digits.heldOut.count)) : text.preparing,
    );
    const facts = `${key} ${batchSize} ${model.layers.length} ${JSON.stringify(stats)}`;
    if (facts !== this.#shownFacts) {
      this.#shownFacts = facts;
      showFacts(model, batchSize, stats, find("facts", HTMLElement));
    }
  }
}
