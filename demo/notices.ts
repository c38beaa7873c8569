/** Calm notices: why there is no WebGPU and what to do about it, and what went wrong and how to go on. */
import type { PassedOver } from "../src/best_backend.ts";
import { CortezaError, DivergedError, OutOfMemoryError, WebGpuUnavailableError } from "../src/core/errors.ts";
import { type BrowserFamily, browserFamily } from "./browser_family.ts";
import { className } from "./classes.ts";
import { find, make } from "./dom.ts";
import { errorWords, ownWords } from "./error_words.ts";
import type { Kept } from "./kept.ts";
import { bytes, count, language, learningRate as rateText, say } from "./language.ts";
import { layerName } from "./layer_names.ts";
import type { BackendKind } from "./setup.ts";
import { betterRate, type Found } from "./train/ailments.ts";

/** A training that diverged goes on with this share of its learning rate, and not with more than the other. */
const LOWER = 0.3;
const MOST_LOWERED = 0.01;

export interface Notice {
  readonly kind: "advice" | "failure";
  readonly title: string;
  readonly sentences: readonly string[];
  /** The error's own words. */
  readonly message?: string | undefined;
  readonly actions: readonly { readonly label: string; run(): void }[];
}

/** `computing`: below everything, for what is worth knowing and keeps nobody from anything. */
export function showNotices(notices: readonly Notice[], place: "notices" | "computing"): void {
  find(place, HTMLElement).replaceChildren(...notices.map(makeNotice));
}

function makeNotice({ kind, title, sentences, message, actions }: Notice): HTMLElement {
  const box = make(
    "section",
    { className: `notice ${kind}` },
    make("h2", { text: title }),
    make("p", { text: sentences.join(" ") }),
  );
  if (kind === "failure") box.setAttribute("role", "alert");
  if (message !== undefined) {
    const words = make("p", { className: "notice-message", text: message });
    words.lang = "en";
    box.append(words);
  }
  if (actions.length > 0) {
    const buttons = actions.map(({ label, run }) => {
      const button = make("button", { text: label });
      button.type = "button";
      button.addEventListener("click", run);
      return button;
    });
    box.append(make("div", { className: "buttons" }, ...buttons));
  }
  return box;
}

/** What to do about it in this browser: what turns WebGPU on is of no use where it is on and finds no graphics card. */
function advice(reason: WebGpuUnavailableError["reason"], family: BrowserFamily): string {
  const text = say();
  if (reason === "insecure-context") return text.adviceInsecure;
  if (reason === "no-device") return text.adviceDevice;
  const byFamily: Record<BrowserFamily, { readonly none: string; readonly noAdapter: string }> = {
    chromium: { none: text.adviceChromiumOld, noAdapter: text.adviceChromium },
    "chromium-linux": { none: text.adviceChromiumOld, noAdapter: text.adviceChromiumLinux },
    firefox: { none: text.adviceFirefox, noAdapter: text.adviceFirefoxAdapter },
    webkit: { none: text.adviceSafari, noAdapter: text.adviceSafariAdapter },
    other: { none: text.adviceOther, noAdapter: text.adviceAdapter },
  };
  const { none, noAdapter } = byFamily[family];
  return reason === "no-adapter" || reason === "software" ? noAdapter : none;
}

/** What the page trains on in the place of a graphics card, why, and what would change that. */
export function noGpuNotice(passedOver: readonly PassedOver[], backend: BackendKind, family = browserFamily()): Notice {
  const text = say();
  const why = {
    "no-api": text.noGpuNoApi,
    "insecure-context": text.noGpuInsecure,
    "no-adapter": text.noGpuNoAdapter,
    "no-device": text.noGpuNoDevice,
    software: text.noGpuSoftware,
  };
  const whyNotWasm = { "no-api": text.noWasmNoApi, "no-simd": text.noWasmNoSimd, blocked: text.noWasmBlocked };
  const sentences = passedOver.flatMap((error) =>
    error instanceof WebGpuUnavailableError
      ? [why[error.reason], advice(error.reason, family)]
      : [whyNotWasm[error.reason]],
  );
  return {
    kind: "advice",
    title: { wasm: text.noGpuTitle, webgpu: text.noGpuTitleSoftware, cpu: text.noGpuTitleSmall }[backend],
    sentences: [...sentences, text.noGpuMeanwhile],
    actions: [],
  };
}

/** Some or all of what the page would keep for the next visit is not kept here. */
export function notKeptNotice({ database, texts }: Kept): Notice {
  const text = say();
  const body = database ? text.notKeptTexts : texts ? text.notKeptDatabase : text.notKeptAnything;
  return { kind: "advice", title: text.notKeptTitle, sentences: [body, text.notKeptAdvice], actions: [] };
}

export function forcedCpuNotice(): Notice {
  return { kind: "advice", title: say().forcedCpuTitle, sentences: [say().forcedCpuBody], actions: [] };
}

export interface Recovery {
  open(): void;
  /** Back to the best weights, to go on with this learning rate. */
  goBack(learningRate: number): void;
  readonly learningRate: number;
  readonly keptSteps: number;
  /** The step of the best weights. */
  readonly bestSteps: number;
  readonly hasDigits: boolean;
}

export function failureNotice(error: unknown, recovery: Recovery): Notice {
  const text = say();
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof CortezaError ? error.code : undefined;
  const again = { label: text.tryAgain, run: () => recovery.open() };
  const failure = (title: string, body: string, ...actions: Notice["actions"]): Notice => ({
    kind: "failure",
    title,
    sentences: [body],
    message: ownWords(error),
    actions: actions.length === 0 ? [again] : actions,
  });
  if (!recovery.hasDigits) return failure(text.failedDataTitle, text.failedDataBody);
  if (code === "device-lost") {
    return failure(text.failedLostTitle, text.failedLostBody(count(recovery.keptSteps)), {
      label: text.continueTraining,
      run: () => recovery.open(),
    });
  }
  if (error instanceof OutOfMemoryError)
    return failure(text.failedMemoryTitle, `${text.errorMemory(bytes(error.bytes))} ${text.failedMemoryBody}`);
  if (error instanceof DivergedError) {
    const { bestSteps, learningRate } = recovery;
    const { layer } = error;
    const step = count(error.step);
    const body = layer === undefined ? text.failedDivergedBody(step) : text.failedDivergedIn(step, layerName(layer));
    const lower = Number(Math.min(learningRate * LOWER, MOST_LOWERED).toPrecision(1));
    const to = bestSteps === 0 ? text.backToStart : text.backTo(count(bestSteps));
    return failure(
      text.failedDivergedTitle,
      body,
      { label: text.backSlower(to, rateText(lower)), run: () => recovery.goBack(lower) },
      { label: to, run: () => recovery.goBack(learningRate) },
    );
  }
  if (message.startsWith("The training worker failed")) {
    return failure(text.failedWorkerTitle, text.failedWorkerBody, { label: text.reload, run: () => location.reload() });
  }
  const why = language() === "en" || !(error instanceof CortezaError) ? "" : `${errorWords(error)} `;
  return failure(text.failedOtherTitle, why + text.failedOtherBody);
}

export interface Cure {
  /** Begins anew and trains, with this learning rate. */
  startAnew(learningRate: number): void;
  /** Trains on with this learning rate. */
  goOn(learningRate: number): void;
  /** Back to the best weights, to go on with this learning rate. */
  goBack(learningRate: number): void;
  /** The rate that the optimizer is used with as a rule. */
  readonly usualRate: number;
  /** The step of weights that read well, where there were some. */
  readonly goodSteps: number | undefined;
}

/** The training goes on, and learns nothing. */
export function ailmentNotice(ailment: Found, cure: Cure): Notice {
  const text = say();
  const { learningRate } = ailment;
  const { usualRate, goodSteps } = cure;
  const better = betterRate(ailment, learningRate, usualRate);
  const [rate, newRate] = [rateText(learningRate), rateText(better)];
  const isRaised = better > learningRate;
  const sentence = {
    sameAnswer: () => text.ailingSameAnswer(ailment.kind === "sameAnswer" ? className(ailment.answer) : "", rate),
    worseThanGuessing: () => text.ailingWorse(rate),
    notMoving: () => {
      const steps = count(ailment.kind === "notMoving" ? ailment.steps : 0);
      return isRaised ? text.ailingStillSmall(steps, rate) : text.ailingStill(steps, rate);
    },
  }[ailment.kind]();
  const action = isRaised
    ? { label: text.ailingOn(newRate), run: () => cure.goOn(better) }
    : goodSteps === undefined
      ? { label: text.ailingAnew(newRate), run: () => cure.startAnew(better) }
      : { label: text.backSlower(text.backTo(count(goodSteps)), newRate), run: () => cure.goBack(better) };
  return { kind: "advice", title: text.ailingTitle, sentences: [sentence], actions: [action] };
}

/** The large data set did not come; everything else goes on. */
export function downloadNotice(error: unknown, close: () => void): Notice {
  const text = say();
  const message = ownWords(error);
  return {
    kind: "failure",
    title: text.failedFullTitle,
    sentences: [...(message === undefined ? [errorWords(error)] : []), text.failedFullBody],
    message,
    actions: [{ label: text.dismiss, run: close }],
  };
}
