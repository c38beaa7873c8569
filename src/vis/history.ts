import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import type { EpochEvent, FitOptions, History, StepEvent, Trainer } from "../train/types.ts";
import { type Picture, type Shown, type Speech, show } from "./figure.ts";
import { type Line, plot } from "./plot.ts";

/** What `showHistory` draws: what `fit` gives, or as much of it as there is. */
export type HistoryLike = Pick<History, "epochs" | "stepLosses">;

/** Curves of a training. */
export interface ShownHistory extends Shown<HistoryLike> {
  /** For `fit`'s option of this name: adds a step. */
  readonly onStep: (event: StepEvent) => void;
  /** For `fit`'s option of this name: adds an epoch. */
  readonly onEpoch: (event: EpochEvent) => void;
}

/** More points than this on a line are joined, two and two. */
const MOST_POINTS = 1200;
/** Side by side from this width on. */
const WIDE = 560;
const HEIGHT = 220;

/**
 * Draws loss and accuracy of a training: those of every step faintly, those of epochs with dots, validation beside them; and a
 * table of the epochs.
 *
 * Of a trainer it follows every `fit` that begins from now on, live, by listening to its steps and epochs, until `dispose`; a
 * second `fit` goes on in the same curves. What else hears of them, as `onStep`, still does. Without a trainer the picture has
 * listeners: `trainer.fit(data, { onStep: shown.onStep, onEpoch: shown.onEpoch })`.
 *
 * Throws `ArgumentError` for what is neither.
 */
export function showHistory(element: HTMLElement, source: HistoryLike | Trainer = emptyHistory()): ShownHistory {
  const isTrainer = typeof (source as Partial<Trainer>)?.fit === "function";
  const history = isTrainer ? emptyHistory() : copyOf(source as HistoryLike);
  const shown = show("showHistory", element, history, pictureOf);
  const onStep = ({ loss }: StepEvent) => {
    history.stepLosses.push(loss);
    shown.redraw();
  };
  const onEpoch = (event: EpochEvent) => {
    history.epochs.push(event);
    shown.update(history);
  };
  const release = isTrainer ? follow(source as Trainer, onStep, onEpoch) : () => undefined;
  return {
    element: shown.element,
    onStep,
    onEpoch,
    update(given) {
      Object.assign(history, copyOf(given));
      shown.update(history);
    },
    dispose() {
      release();
      shown.dispose();
    },
  };
}

interface OwnHistory {
  epochs: EpochEvent[];
  stepLosses: number[];
}

const emptyHistory = (): OwnHistory => ({ epochs: [], stepLosses: [] });

function copyOf(given: HistoryLike): OwnHistory {
  if (!Array.isArray(given?.epochs) || !Array.isArray(given.stepLosses)) {
    throw new ArgumentError(
      `showHistory: wants what fit gives, { epochs, stepLosses }, or a trainer, got ${describeValue(given)}.`,
    );
  }
  return { epochs: [...given.epochs], stepLosses: [...given.stepLosses] };
}

/** Listens to every `fit` of a trainer; gives what ends that. */
function follow(
  trainer: Trainer,
  onStep: (event: StepEvent) => void,
  onEpoch: (event: EpochEvent) => void,
): () => void {
  const { fit } = trainer;
  let listening = true;
  const followed: Trainer["fit"] = (dataset, options: FitOptions = {}) =>
    fit.call(trainer, dataset, {
      ...options,
      onStep(event) {
        if (listening) onStep(event);
        options.onStep?.(event);
      },
      onEpoch(event) {
        if (listening) onEpoch(event);
        options.onEpoch?.(event);
      },
    });
  trainer.fit = followed;
  return () => {
    listening = false;
    if (trainer.fit === followed) trainer.fit = fit;
  };
}

function pictureOf(history: OwnHistory, { words, number, percent, whole }: Speech): Picture {
  const { epochs, stepLosses } = history;
  const optional = (value: number | undefined, format: (value: number) => string) =>
    value === undefined ? "–" : format(value);
  return {
    label: words.historyLabel(epochs.length, stepLosses.length),
    table: {
      caption: epochs.length === 0 ? `${words.history}: ${words.nothing}` : words.history,
      head: [
        ...[words.epoch, words.loss, words.accuracy, words.validationLoss, words.validationAccuracy],
        ...[words.learningRate, words.seconds],
      ],
      rows: epochs.map((event) => [
        ...[String(event.epoch + 1), number(event.loss), optional(event.accuracy, percent)],
        ...[optional(event.validationLoss, number), optional(event.validationAccuracy, percent)],
        ...[number(event.learningRate), number(event.seconds)],
      ]),
    },
    height: (width) => (width >= WIDE ? HEIGHT : 2 * HEIGHT),
    draw(pen) {
      const [own, held] = pen.series;
      const steps = Math.max(stepLosses.length, 1);
      /** Epochs end at equal parts of the steps; without steps, at whole numbers. */
      const end = (index: number) => ((index + 1) * steps) / Math.max(1, epochs.length);
      const ofEpochs = (name: string, color: string, value: (event: EpochEvent) => number | undefined): Line => ({
        ...{ name, color, dots: true },
        points: epochs.map((event, index) => ({ x: end(index), y: value(event) ?? Number.NaN })),
      });
      const losses = [
        { points: thinned(stepLosses), color: own, opacity: 0.4 },
        ofEpochs(words.training, own, ({ loss }) => loss),
        ofEpochs(words.validation, held, ({ validationLoss }) => validationLoss),
      ];
      const accuracies = [
        ofEpochs(words.training, own, ({ accuracy }) => accuracy),
        ofEpochs(words.validation, held, ({ validationAccuracy }) => validationAccuracy),
      ];
      const isWide = pen.width >= WIDE;
      const width = isWide ? (pen.width - 24) / 2 : pen.width;
      const nothing = epochs.length + stepLosses.length === 0 ? words.nothing : undefined;
      const axis = { xName: words.steps, x: [0, steps] as const, steps: whole, nothing };
      const drawn = [...stepLosses, ...epochs.flatMap(({ loss, validationLoss }) => [loss, validationLoss ?? loss])];
      plot(
        pen,
        { left: 0, top: 0, width, height: HEIGHT },
        { ...axis, title: words.loss, y: [Math.min(0, least(drawn)), most(drawn)], lines: losses, number },
      );
      const place = isWide ? { left: width + 24, top: 0 } : { left: 0, top: HEIGHT };
      plot(
        pen,
        { ...place, width, height: HEIGHT },
        { ...axis, title: words.accuracy, y: [0, 1], lines: accuracies, number: percent },
      );
    },
  };
}

const least = (values: readonly number[]) =>
  values.reduce((low, value) => (Number.isFinite(value) && value < low ? value : low), 0);
const most = (values: readonly number[]) =>
  values.reduce((high, value) => (Number.isFinite(value) && value > high ? value : high), 0) || 1;

/** Losses of steps as points, those of a long training as means of several. */
function thinned(losses: readonly number[]): { x: number; y: number }[] {
  const share = Math.ceil(losses.length / MOST_POINTS);
  const points: { x: number; y: number }[] = [];
  for (let first = 0; first < losses.length; first += share) {
    const part = losses.slice(first, first + share);
    points.push({ x: first + (part.length + 1) / 2, y: part.reduce((sum, loss) => sum + loss, 0) / part.length });
  }
  return points;
}
