/** The curves and everything around them: how they are drawn, and the same figures as a table. */
import { bindCheck, setSetting, setting } from "../address.ts";
import { find, write } from "../dom.ts";
import { decimal } from "../language.ts";
import { Lazy } from "../lazy.ts";
import type { Run } from "../run.ts";
import type { Charts } from "./charts.ts";
import { showMeasurements } from "./measurements.ts";
import { RunsPanel } from "./runs_panel.ts";
import { factorAt, MOST_SMOOTHING, placeOf } from "./smoothing.ts";

/** The charts are drawn again this often at most while the training goes on. */
const CHART_MILLISECONDS = 150;
const USUAL_SMOOTHING = 0.85;

export class CurvesPanel {
  /** Whose program is fetched when they are first seen. */
  readonly #charts = new Lazy<typeof import("./charts.ts"), Charts>(
    () => import("./charts.ts"),
    ({ Charts }) =>
      new Charts({
        loss: { chart: find("loss-chart", HTMLElement), readout: find("loss-readout", HTMLElement) },
        accuracy: { chart: find("accuracy-chart", HTMLElement), readout: find("accuracy-readout", HTMLElement) },
      }),
    () => this.#drawAgain(),
  );
  readonly #smoothing = find("smoothing", HTMLInputElement);
  readonly #logLoss = find("log-loss", HTMLInputElement);
  readonly #logSteps = find("log-steps", HTMLInputElement);
  readonly #topAccuracy = find("top-accuracy", HTMLInputElement);
  readonly #runs = new RunsPanel(() => this.#runsChanged());
  #factor = USUAL_SMOOTHING;
  #drawn = 0;
  #shown: { run: Run; target: number } | undefined;
  #tabled = "";

  /** `onSetting`: one of the settings went into the address. */
  constructor(onSetting: () => void) {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      // After a failure, as without a connection, the next look at them tries again.
      this.#charts.load().then(
        () => observer.disconnect(),
        () => undefined,
      );
    });
    observer.observe(find("charts", HTMLElement));
    const wanted = Number(setting("smoothing") ?? Number.NaN);
    if (wanted >= 0 && wanted <= MOST_SMOOTHING) this.#factor = wanted;
    this.#smoothing.value = String(placeOf(this.#factor));
    this.#smoothing.addEventListener("input", () => {
      this.#factor = Number(factorAt(Number(this.#smoothing.value)).toFixed(3));
      this.#drawAgain();
    });
    this.#smoothing.addEventListener("change", () => {
      setSetting("smoothing", this.#factor === USUAL_SMOOTHING ? undefined : String(this.#factor));
      onSetting();
    });
    bindCheck("log-loss", this.#logLoss);
    bindCheck("log-steps", this.#logSteps);
    bindCheck("top-accuracy", this.#topAccuracy);
    for (const box of [this.#logLoss, this.#logSteps, this.#topAccuracy]) {
      box.addEventListener("change", () => {
        this.#drawAgain();
        onSetting();
      });
    }
  }

  /** Shows a run that is meant to go to step `target`; soon is soon enough while it is `live`. */
  show(run: Run, target: number, live: boolean): void {
    this.#shown = { run, target };
    this.#runs.show(run);
    const now = performance.now();
    if (!live || now - this.#drawn > CHART_MILLISECONDS) this.#draw(now);
    const { measurements, events } = run;
    const key = JSON.stringify([measurements.length, measurements.at(-1), events]);
    if (key === this.#tabled) return;
    this.#tabled = key;
    showMeasurements(run, find("measurements", HTMLElement));
  }

  /** Draws again what the style sheet does not colour. */
  redraw(): void {
    this.#charts.part?.redraw();
  }

  /** Writes everything in the page's language. */
  translate(): void {
    this.#tabled = "";
    this.#runsChanged();
    this.redraw();
  }

  #runsChanged(): void {
    if (this.#shown) this.#runs.show(this.#shown.run);
    this.#drawAgain();
  }

  #drawAgain(): void {
    this.#draw(performance.now());
  }

  #draw(now: number): void {
    this.#drawn = now;
    const factor = decimal(this.#factor, this.#factor > 0.99 ? 3 : 2);
    write(find("smoothing-value", HTMLElement), factor);
    this.#smoothing.setAttribute("aria-valuetext", factor);
    if (this.#shown === undefined) return;
    this.#charts.part?.show({
      ...this.#shown,
      others: this.#runs.overlays,
      smoothing: this.#factor,
      logLoss: this.#logLoss.checked,
      logSteps: this.#logSteps.checked,
      topAccuracy: this.#topAccuracy.checked,
    });
  }
}
