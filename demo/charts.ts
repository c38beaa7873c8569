/** The two curves: loss and accuracy over the steps, with what the held-out digits say as points. */
import uPlot from "uplot";
import { count, decimal, percent, say } from "./language.ts";
import type { Run } from "./run.ts";

/** More points than pixels only cost time: longer runs are drawn as means of neighbouring steps. */
const MOST_POINTS = 1200;
const HEIGHT = 236;

type Column = (number | null)[];

/** Steps, raw, smoothed, held out: as uPlot wants them. */
type Curves = [number[], Column, Column, Column];

interface Figure {
  readonly plot: uPlot;
  readonly readout: HTMLElement;
  readonly write: (value: number) => string;
}

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export class Charts {
  readonly #loss: Figure;
  readonly #accuracy: Figure;

  constructor(places: {
    loss: HTMLElement;
    accuracy: HTMLElement;
    lossReadout: HTMLElement;
    accuracyReadout: HTMLElement;
  }) {
    const loss = (value: number) => decimal(value, 2);
    const accuracy = (value: number) => percent(value);
    this.#loss = {
      plot: this.#plot(
        places.loss,
        (most) => [0, Math.max(2.4, most * 1.02)],
        (value) => (value === 0 ? "0" : decimal(value, 1)),
      ),
      readout: places.lossReadout,
      write: loss,
    };
    this.#accuracy = {
      plot: this.#plot(places.accuracy, () => [0, 1], accuracy),
      readout: places.accuracyReadout,
      write: (value) => percent(value, 1),
    };
  }

  #plot(place: HTMLElement, range: (most: number) => [number, number], tick: (value: number) => string): uPlot {
    const axis: uPlot.Axis = {
      stroke: () => color("--muted"),
      font: '13px "Public Sans", sans-serif',
      grid: { stroke: () => color("--grid"), width: 1 },
      ticks: { show: false },
    };
    const plot = new uPlot(
      {
        width: Math.max(place.clientWidth, 200),
        height: HEIGHT,
        padding: [8, 14, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: "corteza-run" }, y: false, drag: { x: false, y: false }, points: { show: false } },
        hooks: { setCursor: [() => this.#writeReadouts()] },
        scales: {
          x: { time: false, range: (_, __, most) => [0, most] },
          y: { range: (_, __, most) => range(most) },
        },
        axes: [
          {
            ...axis,
            size: 26,
            gap: 6,
            label: () => say().chartSteps,
            labelSize: 20,
            labelGap: 0,
            labelFont: axis.font ?? "",
            space: 60,
            grid: { show: false },
            incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000],
            values: (_, ticks) => ticks.map((value) => count(value)),
          },
          { ...axis, size: 50, gap: 8, space: 36, values: (_, ticks) => ticks.map((value) => tick(value)) },
        ],
        series: [
          {},
          { stroke: () => color("--curve-raw"), width: 1, points: { show: false } },
          { stroke: () => color("--accent"), width: 2, points: { show: false } },
          {
            stroke: () => color("--held-out"),
            paths: () => null,
            points: { show: true, size: 10, width: 2, stroke: () => color("--page"), fill: () => color("--held-out") },
          },
        ],
      },
      [[0, 1], [], [], []],
      place,
    );
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
    return plot;
  }

  /** Shows a run that is meant to go to step `target`. */
  update(run: Run, target: number): void {
    const held = (read: (measurement: Run["measurements"][number]) => number) =>
      new Map(run.measurements.map((measurement) => [measurement.step, read(measurement)]));
    this.#loss.plot.setData(
      curves(
        run.losses,
        run.smoothLosses,
        held((m) => m.loss),
        target,
      ),
    );
    this.#accuracy.plot.setData(
      curves(
        run.accuracies,
        run.smoothAccuracies,
        held((m) => m.accuracy),
        target,
      ),
    );
    this.#writeReadouts();
  }

  /** Draws again, after colours or language changed. */
  redraw(): void {
    for (const { plot } of [this.#loss, this.#accuracy]) plot.redraw(false, true);
    this.#writeReadouts();
  }

  /** Beside each title: the values under the pointer, else nothing. */
  #writeReadouts(): void {
    for (const figure of [this.#loss, this.#accuracy] as (Figure | undefined)[]) {
      if (figure === undefined) continue;
      const { plot, readout, write } = figure;
      const index = plot.cursor.idx;
      const [steps = [], , smoothed = [], held = []] = plot.data as Curves;
      const step = index === null || index === undefined ? undefined : steps[index];
      const values = [smoothed, held].map((column) =>
        index === null || index === undefined ? undefined : column[index],
      );
      const words = values.filter((value) => typeof value === "number").map((value) => write(value));
      readout.textContent =
        step === undefined || words.length === 0 ? "" : [say().readoutAt(count(step)), ...words].join(" · ");
    }
  }
}

function curves(
  raw: readonly (number | null)[],
  smoothed: readonly (number | null)[],
  held: ReadonlyMap<number, number>,
  target: number,
): Curves {
  const length = raw.length;
  const bucket = Math.max(1, Math.ceil(length / MOST_POINTS));
  const steps: number[] = [];
  const columns: [Column, Column, Column] = [[], [], []];
  const last = Math.max(target, length, 1);
  for (let step = 0; step <= length; step += bucket) {
    const end = Math.min(step + bucket, length + 1);
    steps.push(step);
    columns[0].push(mean(raw.slice(step, end)));
    columns[1].push(smoothed[Math.min(end, length) - 1] ?? null);
    columns[2].push(heldWithin(held, step, end));
  }
  if ((steps.at(-1) ?? 0) < last) {
    steps.push(last);
    for (const column of columns) column.push(null);
  }
  return [steps, ...columns];
}

function mean(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === "number");
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function heldWithin(held: ReadonlyMap<number, number>, first: number, end: number): number | null {
  for (let step = end - 1; step >= first; step--) {
    const value = held.get(step);
    if (value !== undefined) return value;
  }
  return null;
}
