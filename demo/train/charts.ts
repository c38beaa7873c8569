/** The two charts: loss and accuracy over the steps, of the training at hand and of others for comparison. */
import "uplot/dist/uPlot.min.css";
import "../valid_language.ts";
import uPlot from "uplot";
import { count, decimal, percent, say, significant } from "../language.ts";
import type { Run, RunEvent } from "../run.ts";
import { type Column, curve, grid } from "./curve_data.ts";

/** More points than pixels only cost time: longer runs are drawn as means of neighbouring steps. */
const MOST_POINTS = 1200;
const HEIGHT = 236;
const DASH = [5, 4];
/** Distances of ticks: 1, 2, 5, 10, 20, 50 … */
const WHOLE_STEPS = [0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((unit) => unit * 10 ** power));
/** The same for a loss, whose labels have one decimal: 0.1, 0.2, 0.5, 1 … */
const LOSS_STEPS = [0.1, 0.2, 0.5, ...WHOLE_STEPS];
const DIGIT_CLASSES = 10;
/** How far the axis of the loss goes beyond the logarithm of the classes. */
const BEYOND_GUESSING = 1.04;
/** Columns of the training at hand in front of those of others: steps, raw, smoothed, held out. */
const OWN_COLUMNS = 4;

/** A run to compare with. */
export interface Overlay {
  /** Stands at the end of its curve and in the list of runs. */
  readonly letter: string;
  /** The CSS variable of its colour. */
  readonly color: string;
  readonly run: Run;
}

/** What the charts show, and how. */
export interface Shown {
  readonly run: Run;
  /** The step that it is meant to go to. */
  readonly target: number;
  readonly others: readonly Overlay[];
  /** Classes that are told apart: the axis of the loss goes at least a little beyond what guessing costs. Default 10. */
  readonly classes?: number;
  /** Factor of the moving average, 0 … 0.999. */
  readonly smoothing: number;
  readonly logLoss: boolean;
  readonly logSteps: boolean;
  /** The axis of the accuracy begins at 90 %: where good networks differ. */
  readonly topAccuracy?: boolean;
}

type Measure = "loss" | "accuracy";

/** What a variable of the style sheet says now. */
function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The page's font, for a canvas whose pixels are `scale` times smaller than the page's. */
function font(scale: number, weight = 400): string {
  return `${weight} ${13 * scale}px ${css("--sans")}`;
}

const FORMATS: Readonly<Record<Measure, (value: number) => string>> = {
  loss: (value) => (value < 0.1 ? significant(value, 2) : decimal(value, 2)),
  accuracy: (value) => percent(value, 1),
};

/** One chart, and the line beside its title that says what is under the pointer. */
class Chart {
  readonly #measure: Measure;
  readonly #place: HTMLElement;
  readonly #readout: HTMLElement;
  #plot: uPlot | undefined;
  /** What a plot is built for; another one is built when it changes. */
  #built = "";
  #others: readonly Overlay[] = [];
  #events: readonly RunEvent[] = [];
  /** The axis of the loss ends here at least. */
  #leastTop = 0;

  constructor(measure: Measure, place: HTMLElement, readout: HTMLElement) {
    this.#measure = measure;
    this.#place = place;
    this.#readout = readout;
    place.setAttribute("role", "img");
    new ResizeObserver(() => this.#plot?.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
  }

  show(shown: Shown): void {
    const { run, target, others, smoothing, logSteps } = shown;
    const top = shown.topAccuracy === true && this.#measure === "accuracy";
    const logLoss = shown.logLoss && this.#measure === "loss";
    this.#others = others;
    this.#events = run.events;
    this.#leastTop = BEYOND_GUESSING * Math.log(Math.max(2, shown.classes ?? DIGIT_CLASSES));
    const key = JSON.stringify([logLoss, logSteps, top, others.map(({ color, letter }) => [color, letter])]);
    const last = Math.max(target, run.losses.length, ...others.map((other) => other.run.losses.length));
    const steps = grid(last, MOST_POINTS, logSteps);
    const own = curve(run, this.#measure, steps, smoothing);
    const columns: Column[] = [own.raw, own.smooth, own.heldOut];
    for (const other of others) {
      const { smooth, heldOut } = curve(other.run, this.#measure, steps, smoothing);
      columns.push(smooth, heldOut);
    }
    // There is no logarithm of zero.
    const drawn = logLoss ? columns.map((column) => column.map((value) => (value === 0 ? null : value))) : columns;
    if (key !== this.#built) {
      this.#built = key;
      this.#plot?.destroy();
      this.#plot = this.#make({ logLoss, logSteps, top }, [steps, ...drawn]);
    } else this.#plot?.setData([steps, ...drawn]);
    this.#writeLabel(run);
    this.writeReadout();
  }

  redraw(): void {
    this.#plot?.redraw(false, true);
    this.writeReadout();
  }

  #make(
    { logLoss, logSteps, top }: { logLoss: boolean; logSteps: boolean; top: boolean },
    data: uPlot.AlignedData,
  ): uPlot {
    const axis: uPlot.Axis = {
      stroke: () => css("--muted"),
      font: font(1),
      grid: { stroke: () => css("--grid"), width: 1 },
      ticks: { show: false },
    };
    // On a logarithmic axis most ticks have no label: they come as null.
    const labels = (write: (value: number) => string) => (_: uPlot, ticks: readonly (number | null)[]) =>
      ticks.map((tick) => (tick === null ? "" : write(tick)));
    const range = this.#range(logLoss, top);
    const comparisons: uPlot.Series[] = this.#others.flatMap((other) => {
      const line: uPlot.Series = {
        stroke: () => css(other.color),
        width: 1.5,
        spanGaps: true,
        points: { show: false },
      };
      return [line, { ...line, dash: DASH }];
    });
    return new uPlot(
      {
        width: Math.max(this.#place.clientWidth, 200),
        height: HEIGHT,
        padding: [8, 14, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: "corteza-run" }, y: false, drag: { x: false, y: false }, points: { show: false } },
        hooks: {
          setCursor: [() => this.writeReadout()],
          draw: [
            (plot) => {
              this.#drawEvents(plot);
              this.#drawLetters(plot);
            },
          ],
        },
        scales: {
          x: { time: false, distr: logSteps ? 3 : 1, range: (_, __, most) => [logSteps ? 1 : 0, most] },
          y: { distr: logLoss ? 3 : 1, range },
        },
        axes: [
          {
            ...axis,
            size: 26,
            gap: 6,
            label: () => say().chartSteps,
            labelSize: 20,
            labelGap: 0,
            labelFont: font(1),
            space: 60,
            grid: { show: false },
            ...(logSteps ? {} : { incrs: WHOLE_STEPS }),
            values: labels(count),
          },
          {
            ...{ ...axis, size: 50, gap: 8, space: 36, values: labels(this.#tick(logLoss)) },
            ...(this.#measure === "accuracy" || logLoss ? {} : { incrs: LOSS_STEPS }),
          },
        ],
        series: [
          {},
          { stroke: () => css("--curve-raw"), width: 1, points: { show: false } },
          { stroke: () => css("--accent"), width: 2, points: { show: false } },
          {
            stroke: () => css("--held-out"),
            width: 1.5,
            dash: DASH,
            spanGaps: true,
            points: { show: true, size: 9, width: 2, stroke: () => css("--page"), fill: () => css("--held-out") },
          },
          ...comparisons,
        ],
      },
      data,
      this.#place,
    );
  }

  #range(logLoss: boolean, fromNinety: boolean): uPlot.Scale.Range {
    if (this.#measure === "accuracy") return () => [fromNinety ? 0.9 : 0, 1];
    const top = (most: number | null) => Math.max(this.#leastTop, most ?? 0);
    if (logLoss) return (_, least, most) => [0.9 * Math.min(least ?? 1, 1), 1.1 * top(most)];
    return (_, __, most) => [0, Math.max(this.#leastTop, top(most) * 1.02)];
  }

  #tick(logLoss: boolean): (value: number) => string {
    if (this.#measure === "accuracy") return (value) => percent(value);
    if (logLoss) return (value) => significant(value, 2);
    return (value) => (value === 0 ? "0" : decimal(value, 1));
  }

  /** Where the course of the training changed, a thin line; where its loss became NaN, that word. */
  #drawEvents(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const scale = devicePixelRatio;
    ctx.save();
    ctx.lineWidth = scale;
    ctx.setLineDash([2 * scale, 3 * scale]);
    ctx.font = font(scale, 600);
    ctx.textBaseline = "top";
    for (const { step, kind } of this.#events) {
      const nan = kind === "diverged";
      const x = plot.valToPos(step, "x", true);
      if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
      ctx.strokeStyle = ctx.fillStyle = css(nan ? "--failure-line" : "--muted");
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.textAlign = x < bbox.left + bbox.width / 2 ? "left" : "right";
      if (nan) ctx.fillText("NaN", x + (ctx.textAlign === "left" ? 5 : -5) * scale, bbox.top);
    }
    ctx.restore();
  }

  /** The letter of each run that is compared, at the end of its curve: colour alone tells nobody. */
  #drawLetters(plot: uPlot): void {
    const { ctx } = plot;
    const scale = devicePixelRatio;
    ctx.save();
    ctx.font = font(scale, 600);
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    this.#others.forEach((other, index) => {
      for (const column of [OWN_COLUMNS + 2 * index + 1, OWN_COLUMNS + 2 * index]) {
        const values = plot.data[column] ?? [];
        const end = values.findLastIndex((value) => typeof value === "number");
        if (end < 0) continue;
        ctx.fillStyle = css(other.color);
        const x = plot.valToPos(plot.data[0][end] ?? 0, "x", true);
        ctx.fillText(other.letter, x, plot.valToPos(values[end] ?? 0, "y", true) - 3 * scale);
        break;
      }
    });
    ctx.restore();
  }

  /** The chart in words; the table below it has the figures. */
  #writeLabel(run: Run): void {
    const text = say();
    const write = FORMATS[this.#measure];
    const latest = run.measurements.at(-1);
    const training = latest?.[this.#measure === "loss" ? "trainingLoss" : "trainingAccuracy"];
    const title = this.#measure === "loss" ? text.lossTitle : text.accuracyTitle;
    this.#place.ariaLabel = text.chartLabel(
      title,
      count(run.losses.length),
      training === undefined ? "–" : write(training),
      latest === undefined ? "–" : write(latest[this.#measure]),
    );
  }

  /** Beside the title: the values under the pointer, else nothing. */
  writeReadout(): void {
    const index = this.#plot?.cursor.idx;
    const data = this.#plot?.data;
    if (index === null || index === undefined || data === undefined) {
      this.#readout.textContent = "";
      return;
    }
    const text = say();
    const write = FORMATS[this.#measure];
    const words: string[] = [];
    const add = (column: number, name: string) => {
      const value = data[column]?.[index];
      if (typeof value === "number") words.push(`${name} ${write(value)}`);
    };
    add(2, text.readoutTraining);
    add(3, text.readoutHeldOut);
    this.#others.forEach((other, place) => {
      add(OWN_COLUMNS + 2 * place, other.letter);
    });
    this.#readout.textContent =
      words.length === 0 ? "" : [text.readoutAt(count(data[0][index] ?? 0)), ...words].join(" · ");
  }
}

export class Charts {
  readonly #charts: readonly Chart[];

  constructor(places: Readonly<Record<Measure, { chart: HTMLElement; readout: HTMLElement }>>) {
    this.#charts = (["loss", "accuracy"] as const).map(
      (measure) => new Chart(measure, places[measure].chart, places[measure].readout),
    );
  }

  show(shown: Shown): void {
    for (const chart of this.#charts) chart.show(shown);
  }

  /** Draws again, after colours or language changed. */
  redraw(): void {
    for (const chart of this.#charts) chart.redraw();
  }
}
