/** "Keep the network": in this browser, as a file, as a link, as code; and the way back. */
import type { Digits } from "./digits.ts";
import { find, make, write } from "./dom.ts";
import { errorWords, foundWords } from "./error_words.ts";
import { download, onFiles } from "./files.ts";
import { FormatPanel } from "./formats/format_panel.ts";
import { kept } from "./kept.ts";
import { count, language, moment, percent, say } from "./language.ts";
import type { NetworkFile } from "./network_file.ts";
import type { Notice } from "./notices.ts";
import { completed } from "./run.ts";
import type { Session } from "./session.ts";
import { SharedLink } from "./share/shared_link.ts";
import { shownName } from "./shown_name.ts";
import { dropRun, type KeptRun, keepRun, keptRuns } from "./storage.ts";

export interface KeepPanelOptions {
  session: Session;
  /** Epochs that a press on Train goes through. */
  epochs(): number;
  /** Has the session train on this data set; resolves when it does, or when the set is not to be had. */
  loadDigits(id: Digits["id"]): Promise<void>;
  /** There is something to tell, of the network as it now is: writes the whole page, this panel too, at once. */
  onOutcome(): void;
}

type Outcome =
  | { kind: "link" | "code" | "opened" | "openedElsewhere" | "offerFailed" }
  | { kind: "saved" | "unknown"; name: string }
  /** `words` says what became of it, in the page's language. */
  | { kind: "told" | "refused"; words: () => string }
  | { kind: "copyFailed"; content: string }
  | { kind: "failed" | "notSaved"; error: unknown };

/** Outcomes that are told as refusals. */
const REFUSALS = ["failed", "notSaved", "unknown", "refused"];

export class KeepPanel {
  readonly #options: KeepPanelOptions;
  readonly #save = find("save-network", HTMLButtonElement);
  readonly #open = find("open-network", HTMLButtonElement);
  readonly #share = find("share-network", HTMLButtonElement);
  readonly #status = find("keep-status", HTMLElement);
  readonly #text = find("keep-text", HTMLTextAreaElement);
  #outcome: Outcome | undefined;
  #runs: readonly KeptRun[] = [];
  /** Under which name the training of this page is kept. */
  #id = newId();
  /** The newest training of an earlier visit, until the visitor has chosen. */
  #offer: KeptRun | undefined;
  readonly #link: SharedLink;
  readonly #formats: FormatPanel;
  #stores = true;
  #shown = "";

  constructor(options: KeepPanelOptions) {
    this.#options = options;
    const { session } = options;
    this.#formats = new FormatPanel(session);
    this.#link = new SharedLink({
      session,
      adopt: (network) => this.#adopt(network),
      onChange: () => this.#changed(),
    });
    session.onKeep = (checkpoint) => void this.#keep(checkpoint);
    // Whatever becomes of the page then.
    const leave = () => void this.#keepNow().catch(() => undefined);
    document.addEventListener("visibilitychange", () => document.hidden && leave());
    document.addEventListener("freeze", leave);
    window.addEventListener("pagehide", leave);
    this.#save.addEventListener("click", () => void this.#saveFile());
    onFiles(this.#open, find("network-file", HTMLInputElement), (files) => void this.open(files));
    this.#share.addEventListener("click", () => void this.#shareLink());
    find("copy-link", HTMLButtonElement).addEventListener("click", () => void this.#copy("link", location.href));
    find("copy-code", HTMLButtonElement).addEventListener("click", () => void this.#copyCode());
    void keptRuns().then((runs) => {
      this.#runs = runs;
      // Who follows a link to a network came for that.
      if (session.steps === 0 && !this.#link.followed) this.#offer = runs[0];
      this.#changed();
    });
  }

  /** What to say above the page: there is a training to go on with. */
  get notice(): Notice | undefined {
    const text = say();
    const offer = this.#offer;
    const { phase, steps } = this.#options.session;
    if (this.#link.notice) return this.#link.notice;
    if (offer === undefined || steps > 0 || phase !== "ready") return undefined;
    return {
      kind: "advice",
      title: offerTitle(offer),
      sentences: [text.offerBody],
      actions: [
        { label: text.offerAccept, run: () => void this.#goOn(offer) },
        {
          label: text.offerDecline,
          run: () => {
            this.#offer = undefined;
            this.#changed();
            find("run", HTMLButtonElement).focus();
          },
        },
      ],
    };
  }

  /** The training begins anew: what was kept of the last stays, the next is kept beside it. */
  beginAnew(): void {
    this.#id = newId();
    this.#changed();
  }

  /** Goes on with the network of a file, or of several that belong together. */
  async open(files: readonly File[]): Promise<void> {
    const [file] = files;
    if (file === undefined) return;
    try {
      const foreign = await this.#formats.open(files);
      if (foreign) {
        await this.#adopt(foreign.network);
        return this.#show({ kind: "told", words: foreign.words });
      }
      const bytes = new Uint8Array(await file.arrayBuffer());
      const { isWeightsAlone, readNetworkFile } = await networkFiles();
      if (isWeightsAlone(bytes)) this.#show(await this.#openWeights(file.name, bytes));
      else {
        await this.#adopt(readNetworkFile(bytes));
        this.#show({ kind: "opened" });
      }
    } catch (error) {
      this.#show({ kind: "failed", error });
    }
  }

  /** Goes on with the network that the address carries, where it carries one. */
  openShared(): Promise<void> {
    return this.#link.open();
  }

  async #shareLink(): Promise<void> {
    try {
      const { link, words, measure } = await this.#link.share();
      if (link === undefined) {
        this.#show({ kind: "refused", words });
        return;
      }
      // What rounding costs is told when it is known: a browser lets a page copy only right after a press.
      if (await this.#copy("link", link)) {
        this.#show({ kind: "told", words });
        this.#show({ kind: "told", words: await measure() });
      }
    } catch (error) {
      this.#show({ kind: "notSaved", error });
    }
  }

  async #adopt(network: NetworkFile): Promise<void> {
    const before = this.#id;
    this.#id = newId();
    try {
      const { session } = this.#options;
      await session.adopt(await session.tryOut(network));
    } catch (error) {
      this.#id = before;
      throw error;
    }
    this.#offer = undefined;
  }

  /** Weights without a network, into the one at hand where they fit it. Throws what reading them throws. */
  async #openWeights(name: string, bytes: Uint8Array): Promise<Outcome> {
    const { openWeights } = await import("./open_weights.ts");
    const { network, words } = openWeights(name, bytes, this.#options.session);
    if (network === undefined) return { kind: "refused", words };
    await this.#adopt(network);
    return { kind: "told", words };
  }

  /** A file was dropped that nothing here knows. */
  refuse(file: File): void {
    this.#show({ kind: "unknown", name: shownName(file.name) });
  }

  async #goOn(kept: KeptRun): Promise<void> {
    const { session, loadDigits } = this.#options;
    const before = this.#id;
    try {
      const network = (await networkFiles()).readNetworkFile(kept.checkpoint);
      // Other pictures are fetched once it is known to work.
      const tried = await session.tryOut(network, completed(kept.run));
      await loadDigits(kept.digits);
      this.#id = kept.id;
      await session.adopt(tried);
      this.#offer = undefined;
      this.#show({ kind: session.digits?.id === kept.digits ? "opened" : "openedElsewhere" });
      find("run", HTMLButtonElement).focus();
    } catch (error) {
      this.#id = before;
      this.#offer = undefined;
      this.#show({ kind: "failed", error });
    }
  }

  /** Keeps a training under way as it is; at rest it has been kept. */
  async #keepNow(): Promise<void> {
    const { session } = this.#options;
    if (session.phase !== "training") return;
    const checkpoint = await session.checkpoint();
    if (checkpoint) await this.#keep(checkpoint);
  }

  async #keep(checkpoint: Uint8Array): Promise<void> {
    const { steps, latest, model, run, digits } = this.#options.session;
    if (steps === 0) return;
    this.#offer = undefined;
    const measured = latest?.step === steps ? latest : undefined;
    this.#stores = await keepRun({
      id: this.#id,
      time: Date.now(),
      steps,
      accuracy: measured?.accuracy,
      count: measured?.count ?? 0,
      parameters: model.summary().parameters,
      digits: digits?.id ?? "small",
      run,
      checkpoint,
    });
    this.#runs = await keptRuns();
    this.#changed();
  }

  async #saveFile(): Promise<void> {
    try {
      if (this.#formats.isForeign) return this.#show({ kind: "told", words: await this.#formats.save() });
      const bytes = await this.#options.session.checkpoint();
      if (bytes === undefined) return;
      const name = `corteza-${this.#options.session.steps}-steps.safetensors`;
      download(name, new Uint8Array(bytes), "application/octet-stream");
      this.#show({ kind: "saved", name });
    } catch (error) {
      this.#show({ kind: "notSaved", error });
    }
  }

  async #copyCode(): Promise<void> {
    try {
      // Few need it, and they can wait for it.
      const { codeOf } = await import("./session_code.ts");
      await this.#copy("code", codeOf(this.#options.session, this.#options.epochs()));
    } catch (error) {
      this.#show({ kind: "notSaved", error });
    }
  }

  /** Whether it was copied; else it is shown. */
  async #copy(kind: "link" | "code", content: string): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(content);
      this.#show({ kind });
      return true;
    } catch {
      this.#show({ kind: "copyFailed", content });
      this.#text.focus();
      this.#text.select();
      return false;
    }
  }

  #show(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#changed();
  }

  #changed(): void {
    this.#options.onOutcome();
  }

  /** Writes everything, in the page's language. */
  render(): void {
    const text = say();
    const { session } = this.#options;
    this.#save.disabled = this.#open.disabled = !session.usable;
    this.#share.disabled = !session.usable || !session.hasLearned;
    this.#link.render();
    this.#formats.render();
    const note = !kept().database ? text.keepNothing : this.#stores ? text.keepNote : text.keepNoRoom;
    write(find("keep-note", HTMLElement), note);
    write(this.#status, this.#sentence());
    this.#status.classList.toggle(
      "refused",
      REFUSALS.some((kind) => kind === this.#outcome?.kind),
    );
    const byHand = this.#outcome?.kind === "copyFailed" ? this.#outcome.content : undefined;
    this.#text.hidden = byHand === undefined;
    this.#text.ariaLabel = text.keepCopyFailed;
    if (byHand !== undefined) this.#text.value = byHand;
    this.#renderRuns();
  }

  #sentence(): string {
    const text = say();
    const outcome = this.#outcome;
    switch (outcome?.kind) {
      case "link":
        return this.#options.session.isFromFile ? text.keepLinkWithout : text.keepLinkCopied;
      case "code":
        return text.keepCodeCopied;
      case "openedElsewhere":
        return `${text.keepOpened(count(this.#options.session.steps))} ${text.keepElsewhere}`;
      case "opened":
        return text.keepOpened(count(this.#options.session.steps));
      case "told":
      case "refused":
        return outcome.words();
      case "saved":
        return text.keepSaved(outcome.name);
      case "unknown":
        return text.keepUnknownFile(outcome.name);
      case "copyFailed":
        return text.keepCopyFailed;
      case "notSaved":
        return `${text.keepSaveFailed} ${errorWords(outcome.error)}`;
      case "failed":
        return `${text.keepOpenFailed} ${foundWords(outcome.error)}`;
      default:
        return "";
    }
  }

  #renderRuns(): void {
    const { usable, steps } = this.#options.session;
    const key = JSON.stringify([language(), usable, steps > 0, this.#id, this.#runs.map(({ id, time }) => [id, time])]);
    if (key === this.#shown) return;
    this.#shown = key;
    find("kept-runs", HTMLElement).hidden = this.#runs.length === 0;
    find("run-list", HTMLElement).replaceChildren(...this.#runs.map((kept) => this.#item(kept)));
  }

  #item(kept: KeptRun): HTMLElement {
    const text = say();
    const line = runLine(kept);
    const words = make("span", { text: line });
    const detail = make("span", { className: "note", text: text.runParameters(count(kept.parameters)) });
    const here = kept.id === this.#id && this.#options.session.steps > 0;
    const goOn = make("button", { text: text.runGoOn });
    const remove = make("button", { text: text.runDelete });
    for (const button of [goOn, remove]) {
      button.type = "button";
      button.ariaLabel = `${button.textContent}: ${line}`;
    }
    goOn.disabled = !this.#options.session.usable;
    goOn.addEventListener("click", () => void this.#goOn(kept));
    remove.addEventListener("click", () => {
      if (this.#offer?.id === kept.id) this.#offer = undefined;
      this.#runs = this.#runs.filter(({ id }) => id !== kept.id);
      void dropRun(kept.id);
      this.#changed();
      find("save-network", HTMLButtonElement).focus();
    });
    const end = here ? [make("span", { className: "note run-here", text: text.runNow })] : [goOn, remove];
    return make("li", {}, words, detail, ...end);
  }
}

/** Few open a network, and reading one takes every layer of the library: it comes when it is asked for. */
const networkFiles = () => import("./network_file.ts");

/** How well it read: at its end, or where it was measured last before. Nothing at step 0 counts, where it knew nothing. */
function measuredLast({ accuracy, steps, run }: KeptRun): { accuracy: number; step: number } | undefined {
  if (accuracy !== undefined) return { accuracy, step: steps };
  return run.measurements?.findLast(({ step }) => step > 0);
}

function offerTitle(kept: KeptRun): string {
  const text = say();
  const measured = measuredLast(kept);
  const steps = count(kept.steps);
  if (measured === undefined) return text.offerTitleUnmeasured(steps);
  const accuracy = percent(measured.accuracy, 1);
  return measured.step === kept.steps
    ? text.offerTitle(steps, accuracy)
    : text.offerTitleEarlier(steps, accuracy, count(measured.step));
}

function runLine(kept: KeptRun): string {
  const text = say();
  const measured = measuredLast(kept);
  const [steps, time] = [count(kept.steps), moment(kept.time)];
  if (measured === undefined) return text.runLine(steps, text.runUnmeasured, time);
  const accuracy = percent(measured.accuracy, 1);
  return measured.step === kept.steps
    ? text.runLine(steps, accuracy, time)
    : text.runLineEarlier(steps, accuracy, count(measured.step), time);
}

function newId(): string {
  return `${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
}
