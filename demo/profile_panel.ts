/** The table of kernels: what each of them costs, when somebody asks. */
import type { KernelTime, Profile } from "../src/index.ts";
import { find, make, write } from "./dom.ts";
import { errorWords } from "./error_words.ts";
import { count, decimal, milliseconds, percent, say } from "./language.ts";
import { layerName } from "./layer_names.ts";
import type { BackendKind } from "./setup.ts";

type State =
  | { state: "empty" }
  | { state: "busy" }
  | { state: "done"; profile: Profile }
  | { state: "failed"; error: unknown };

export class ProfilePanel {
  readonly #measure: () => Promise<Profile>;
  readonly #button = find("measure", HTMLButtonElement);
  #state: State = { state: "empty" };
  #usable = false;

  constructor(measure: () => Promise<Profile>) {
    this.#measure = measure;
    this.#button.addEventListener("click", () => void this.#run());
  }

  /** What the network runs on: the words are about that. */
  set backend(kind: BackendKind) {
    const text = say();
    write(find("profile-note", HTMLElement), kind === "webgpu" ? text.profileNote : text.profileNoteCpu);
  }

  /** Whether there is a trainer to ask. */
  set usable(usable: boolean) {
    this.#usable = usable;
    this.#button.disabled = !usable || this.#state.state === "busy";
  }

  /** The network gave way to another one: its times are nobody's now. */
  forget(): void {
    if (this.#state.state === "done" || this.#state.state === "failed") this.#show({ state: "empty" });
  }

  async #run(): Promise<void> {
    this.#show({ state: "busy" });
    try {
      this.#show({ state: "done", profile: await this.#measure() });
    } catch (error) {
      this.#show({ state: "failed", error });
    }
  }

  #show(state: State): void {
    this.#state = state;
    this.render();
  }

  render(): void {
    const text = say();
    const state = this.#state;
    this.#button.disabled = !this.#usable || state.state === "busy";
    write(this.#button, state.state === "done" ? text.profileAgain : text.profileMeasure);
    const status = find("profile-status", HTMLElement);
    if (state.state === "empty") write(status, "");
    else if (state.state === "busy") write(status, text.profileBusy);
    else if (state.state === "failed") {
      write(status, text.profileFailed(errorWords(state.error)));
    } else write(status, caption(state.profile));
    const place = find("profile-table", HTMLElement);
    if (state.state !== "busy") place.hidden = state.state !== "done";
    if (state.state === "done") showKernels(state.profile);
  }
}

function caption({ timing, steps, peakGflops }: Profile): string {
  const text = say();
  const source =
    timing === "timestamps" ? text.profileTimestamps : timing === "cpu" ? text.profileCpu : text.profileWallClock;
  return peakGflops === undefined
    ? text.profileDone(count(steps), source)
    : text.profilePeak(count(steps), source, rate(peakGflops));
}

function showKernels(profile: Profile): void {
  const total = profile.milliseconds;
  const rows = profile.kernels.map((kernel) =>
    line(kernel.layer === undefined ? "" : layerName(kernel.layer), workName(kernel), [
      milliseconds(kernel.milliseconds),
      percent(total === 0 ? 0 : kernel.milliseconds / total, 1),
      gflops(kernel.flops, kernel.milliseconds),
      share(profile.shareOfPeak(kernel)),
    ]),
  );
  find("kernels", HTMLElement).replaceChildren(...rows);
  const flops = profile.kernels.reduce((sum, kernel) => sum + kernel.flops, 0);
  const whole = { layer: undefined, op: "", kernel: "", milliseconds: total, flops, bytes: 0 };
  find("kernel-total", HTMLElement).replaceChildren(
    line(say().profileTotal, "", [
      milliseconds(total),
      percent(1, 0),
      gflops(flops, total),
      share(profile.shareOfPeak(whole)),
    ]),
  );
}

function line(layer: string, work: string, figures: readonly string[]): HTMLTableRowElement {
  const head = make("th", { text: layer });
  head.scope = "row";
  return make(
    "tr",
    {},
    head,
    make("td", { className: "work", text: work }),
    ...figures.map((text) => make("td", { text })),
  );
}

function share(part: number | undefined): string {
  return part === undefined ? "–" : percent(part, 0);
}

function gflops(flops: number, time: number): string {
  return flops === 0 || time === 0 ? "–" : rate(flops / time / 1e6);
}

/** Two decimals up to ten, then one, then none. */
function rate(value: number): string {
  return value < 10 ? decimal(value, 2) : value < 100 ? decimal(value, 1) : count(Math.round(value));
}

/** A fused kernel's work in words; names of single ops, as the CPU runs them, stay as they are. */
function workName({ op, layer }: KernelTime): string {
  const text = say();
  const names: Record<string, string> = {
    "fetch batch": text.kernelFetch,
    augmentImages: text.kernelVary,
    "fetch and augment batch": text.kernelVary,
    "conv2d + maxPool2d": text.kernelForwardPool,
    "conv2d + relu": text.kernelForward,
    "matmul + bias": text.kernelForward,
    "conv2dFilterGradient + bias": text.kernelFilterGradient,
    conv2dInputGradient: text.kernelInputGradient,
    "softmaxCrossEntropy + gradient + accuracy": text.kernelLoss,
    recordStep: text.kernelRecord,
  };
  if (op === "matmul" && layer?.startsWith("dense")) return text.kernelDenseGradient;
  if (/^\w+ update$/.test(op)) return text.kernelUpdate;
  return names[op] ?? op;
}
