/** The view "Train": settings, curves, measurements, the digits, the network, where the time goes. */
import { bindCheck, bindSelect, setSetting, setting } from "../address.ts";
import type { Digits, MnistSize } from "../digits.ts";
import { find, write } from "../dom.ts";
import { count, language, say, significant } from "../language.ts";
import { showFacts } from "../network_table.ts";
import type { Notice } from "../notices.ts";
import { ProfilePanel } from "../profile_panel.ts";
import { Samples } from "../samples.ts";
import type { Session } from "../session.ts";
import { Builder } from "./builder.ts";
import type { Corrections } from "./corrections.ts";
import { CurvesPanel } from "./curves_panel.ts";
import { DataChoice } from "./data_choice.ts";
import { MistakesPanel } from "./mistakes_panel.ts";

export interface TrainViewOptions {
  session: Session;
  corrections: Corrections;
  /** The visitor has the training begin anew. */
  onBeginAnew(): void;
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
  readonly #data: DataChoice;
  readonly #mistakes: MistakesPanel;
  #shownDigits: unknown;
  #backend = "";
  #shownModel = "";
  #shownFacts = "";

  constructor({ session, corrections, onBeginAnew, onChange, onSetting }: TrainViewOptions) {
    this.#session = session;
    this.#curves = new CurvesPanel(onSetting);
    this.#samples = new Samples((pixels) => session.predict(pixels));
    this.#profile = new ProfilePanel(() => session.profile());
    this.#data = new DataChoice({
      ...{ corrections, onChange, onSetting },
      onDigits: (digits) => session.useDigits(digits),
      hasLearned: () => session.steps > 0,
    });
    this.#mistakes = new MistakesPanel({
      ...{ session, corrections, onChange },
      trainAgain: async () => {
        const digits = corrections.use();
        if (digits === undefined) return;
        onBeginAnew();
        await session.reset();
        await session.useDigits(digits);
        session.train(this.epochs);
      },
    });
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

  /** The data set that the address asks for. Throws what loading it throws. */
  firstDigits(): Promise<Digits> {
    return this.#data.first();
  }

  /** Has the session train on MNIST, unless it does. */
  async loadDigits(size: MnistSize): Promise<void> {
    if (this.#session.digits?.id !== size) await this.#data.load(size);
  }

  /** Takes files of the visitor's own pictures up. */
  openPictures(files: readonly File[]): Promise<void> {
    return this.#data.openFiles(files);
  }

  /** Takes a file of changes of the data set up. */
  openChanges(file: Blob): Promise<void> {
    return this.#mistakes.open(file);
  }

  /** What went wrong in this view alone. */
  get notice(): Notice | undefined {
    return this.#data.notice;
  }

  /** Draws again what the style sheet does not colour. */
  redraw(): void {
    this.#curves.redraw();
  }

  /** `plannedTarget`: the step that the training goes or would go to. */
  render({ plannedTarget }: { plannedTarget: number }): void {
    const { phase, digits, usable } = this.#session;
    this.#profile.usable = usable && digits !== undefined;
    this.#data.render(digits !== undefined);
    this.#mistakes.render();
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
    write(find("data-line", HTMLElement), digits ? dataLine(digits) : text.preparing);
    const facts = `${key} ${batchSize} ${model.layers.length} ${JSON.stringify(stats)}`;
    if (facts !== this.#shownFacts) {
      this.#shownFacts = facts;
      showFacts(model, batchSize, stats, find("facts", HTMLElement));
    }
  }
}

function dataLine({ train, heldOut, title, names }: Digits): string {
  const [learn, measure] = [count(train.count), count(heldOut.count)];
  return title === undefined
    ? say().dataLine(learn, measure)
    : say().dataLineOwn(title, learn, measure, count(names.length));
}
