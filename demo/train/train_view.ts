/** The view "Train": settings, curves, measurements, the digits, the network, where the time goes. */
import type { Digits } from "../digits.ts";
import { find, write } from "../dom.ts";
import { count, say, wordsKey } from "../language.ts";
import { LazyProfilePanel } from "../lazy_profile_panel.ts";
import { showFacts } from "../network_table.ts";
import type { Notice } from "../notices.ts";
import { Samples } from "../samples.ts";
import type { Session } from "../session.ts";
import { Builder } from "./builder.ts";
import type { Corrections } from "./corrections.ts";
import { CurvesPanel } from "./curves_panel.ts";
import { DataChoice } from "./data_choice.ts";
import { decodeRows } from "./design.ts";
import { LazyMistakesPanel } from "./lazy_mistakes_panel.ts";
import { TrainSettings } from "./settings.ts";

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
  readonly #curves: CurvesPanel;
  readonly #settings: TrainSettings;
  readonly #builder: Builder;
  readonly #samples: Samples;
  readonly #profile: LazyProfilePanel;
  readonly #data: DataChoice;
  readonly #mistakes: LazyMistakesPanel;
  #shownDigits: unknown;
  #backend = "";
  #shownModel = "";
  /** As many networks were opened when the builder was shown. */
  #adoptions = 0;
  #shownFacts = "";
  #profiled: unknown;

  constructor({ session, corrections, onBeginAnew, onChange, onSetting }: TrainViewOptions) {
    this.#session = session;
    this.#curves = new CurvesPanel(onSetting);
    this.#samples = new Samples((pixels) => session.predict(pixels));
    this.#profile = new LazyProfilePanel(session);
    this.#data = new DataChoice({
      ...{ corrections, onChange, onSetting },
      onDigits: (digits) => session.useDigits(digits),
      hasLearned: () => session.hasLearned,
    });
    this.#mistakes = new LazyMistakesPanel({
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
    this.#builder = new Builder({
      usualPreset: () => (session.backendKind === "cpu" ? "tiny" : "reference"),
      hasLearned: () => session.hasLearned,
      foreign: () => (session.isFromFile ? session.model : undefined),
      use: (network) => void session.setUp({ network }),
      onSetting,
    });
    const network = this.#builder.isChosen ? this.#builder.network : undefined;
    this.#settings = new TrainSettings({ session, network, onChange, onSetting });
  }

  /** Epochs that a press on Train goes through. */
  get epochs(): number {
    return this.#settings.epochs;
  }

  /** The data set that the address asks for. Throws what loading it throws. */
  firstDigits(): Promise<Digits> {
    return this.#data.first();
  }

  /** Has the session train on this data set, unless it does; it stays where it is not to be had. */
  async loadDigits(id: Digits["id"]): Promise<void> {
    if (this.#session.digits?.id !== id) await this.#data.load(id);
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
    const { phase, digits, usable, model } = this.#session;
    this.#profile.show(this.#session.backendKind, usable && digits !== undefined);
    if (this.#profiled !== model) this.#profile.forget();
    this.#profiled = model;
    // While another network is made, there is none that reads.
    if (phase === "loading") this.#samples.forget();
    this.#data.render(digits !== undefined);
    this.#mistakes.render();
    this.#settings.render();
    this.#renderNetwork();
    this.#curves.show(this.#session.run, plannedTarget, phase === "training");
    if (digits && digits !== this.#shownDigits) {
      this.#shownDigits = digits;
      this.#samples.show(digits.heldOut);
    }
  }

  /** Other weights took the place of those at hand: what these read goes at once. */
  forget(): void {
    this.#samples.forget();
  }

  /** Reads the sample digits again, because the network has learned. */
  reread(): void {
    void this.#samples.refresh();
  }

  /** Writes everything in the page's language. */
  translate(): void {
    this.#settings.translate();
    this.#curves.translate();
    this.#samples.render();
    this.#profile.render();
  }

  #renderNetwork(): void {
    const text = say();
    const { backendKind, model, batchSize, optimizer, digits, stats, phase, adoptions, rows } = this.#session;
    const key = `${backendKind} ${wordsKey()} ${this.#session.isFromFile} ${adoptions}`;
    if (key !== this.#shownModel) {
      const own = adoptions === this.#adoptions || rows === undefined ? undefined : decodeRows(rows);
      this.#adoptions = adoptions;
      if (backendKind !== this.#backend) this.#builder.usualChanged();
      else if (own) this.#builder.take(own);
      else this.#builder.render();
      this.#backend = backendKind;
      this.#shownModel = key;
    }
    write(find("data-line", HTMLElement), digits ? dataLine(digits) : phase === "failed" ? "" : text.preparing);
    const facts = `${key} ${batchSize} ${model.layers.length} ${JSON.stringify([optimizer.rule, stats])}`;
    if (facts !== this.#shownFacts) {
      this.#shownFacts = facts;
      showFacts({ model, batchSize, optimizer }, stats, find("facts", HTMLElement));
    }
  }
}

function dataLine({ train, heldOut, title = "", names, written }: Digits): string {
  const line = say().dataLine(count(train.count), count(heldOut.count), title, count(names.length));
  return written === undefined ? line : `${line} ${say().dataWritten(count(written))}`;
}
