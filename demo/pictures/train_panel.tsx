/** The network, its training, and how that goes. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { announce } from "../dom.ts";
import { errorWords } from "../error_words.ts";
import { count, decimal, duration, percent, say } from "../language.ts";
import { Charts } from "../train/charts.ts";
import type { App } from "./app.ts";
import type { Learner } from "./learner.ts";
import { tell } from "./messages.ts";
import type { PictureSet } from "./picture_set.ts";
import { buildPreset, PRESETS, type PresetName, poolings } from "./presets.ts";
import { PreviewStrip } from "./preview_strip.tsx";

const EPOCHS = [1, 5, 10, 20, 40, 80];
/** The charts are drawn again this often at most. */
const CHART_MILLISECONDS = 150;
/** A training that takes longer than this is called slow. */
const SLOW_SECONDS = 300;
/** Steps after which its pace is known: the first ones compile. */
const STEPS_TO_JUDGE = 4;

export function TrainPanel({ app, set }: { app: App; set: PictureSet }) {
  const text = tell();
  const { learner } = app;
  const phase = learner.phase.value;
  const busy = phase === "training" || phase === "opening";
  return (
    <section aria-labelledby="pictures-train-heading" class="pictures-train" data-phase={phase}>
      <h2 id="pictures-train-heading">{text.trainHeading}</h2>
      <Settings learner={learner} set={set} />
      {learner.backend.value === "cpu" && <p class="notice-line">{text.onCpu}</p>}
      <div class="pictures-runner">
        <Score learner={learner} set={set} />
        <div class="buttons">
          <button
            type="button"
            id="pictures-train"
            class="primary"
            disabled={phase === "opening" || app.collection.importing.value !== undefined}
            onClick={() => (phase === "training" ? learner.pause() : app.train())}
          >
            {trainWords(learner)}
          </button>
          <button
            type="button"
            id="pictures-reset"
            disabled={learner.steps === 0 && !busy && phase !== "failed"}
            onClick={() => void learner.reset()}
          >
            {text.reset}
          </button>
        </div>
        <Progress learner={learner} set={set} />
      </div>
      {phase === "failed" && <p class="notice-line failure">{text.trainFailed(errorWords(learner.error.value))}</p>}
      {(learner.last.value !== undefined || learner.score.value !== undefined) && <Curves app={app} set={set} />}
    </section>
  );
}

function trainWords(learner: Learner): string {
  const text = tell();
  switch (learner.phase.value) {
    case "training":
      return text.pause;
    case "paused":
      return text.resume;
    case "failed":
      return text.tryAgain;
    default:
      return learner.epoch.value > 0 ? text.trainMore : text.train;
  }
}

function Settings({ learner, set }: { learner: Learner; set: PictureSet }) {
  const text = tell();
  const begun = learner.last.value !== undefined || learner.epoch.value > 0 || learner.phase.value !== "idle";
  const preset = learner.preset.value;
  const { size, channels, classNames } = set;
  const model = buildPreset(preset, { size, channels, classes: classNames.length });
  const { parameters } = model.summary();
  return (
    <>
      <div class="settings">
        <label for="pictures-preset">{text.preset}</label>
        <select
          id="pictures-preset"
          disabled={begun}
          value={preset}
          onChange={(event) => {
            learner.preset.value = event.currentTarget.value as PresetName;
          }}
        >
          {PRESETS.map((name) => (
            <option key={name} value={name}>
              {text.presets[name]}
            </option>
          ))}
        </select>
        <label for="pictures-epochs">{text.epochs}</label>
        <select
          id="pictures-epochs"
          value={String(learner.epochs.value)}
          onChange={(event) => {
            learner.epochs.value = Number(event.currentTarget.value);
          }}
        >
          {EPOCHS.map((epochs) => (
            <option key={epochs} value={String(epochs)}>
              {count(epochs)}
            </option>
          ))}
        </select>
        <label class="check">
          <input
            type="checkbox"
            id="pictures-augment"
            checked={learner.augment.value}
            onChange={(event) => {
              learner.augment.value = event.currentTarget.checked;
            }}
          />{" "}
          <span>{text.augment}</span>
        </label>
      </div>
      <p class="note">
        {text.presetNotes[preset](count(poolings(size)))}{" "}
        {text.presetFacts(count(parameters), count(classNames.length))}
        {begun ? ` ${text.presetFixed}` : ""}
      </p>
      <p class="note">{text.augmentNote}</p>
      {learner.augment.value && <PreviewStrip set={set} />}
    </>
  );
}

function Score({ learner, set }: { learner: Learner; set: PictureSet }) {
  const text = tell();
  const score = learner.score.value;
  const restored = learner.restored.value;
  const words =
    score === undefined
      ? learner.phase.value === "opening"
        ? text.preparing
        : text.untrained
      : text.accuracyCaption(count(set.heldOut.count), count(score.step));
  return (
    <div class="score">
      <p id="pictures-accuracy" class={score ? "score-number" : "score-number pending"}>
        {score ? percent(score.accuracy, 1) : ""}
      </p>
      <p class="score-caption">
        {words} {text.chance(percent(guessing(set)))} {restored === undefined ? "" : text.bestBack(count(restored))}
      </p>
    </div>
  );
}

/** What always naming the largest class would get right. */
function guessing({ heldOut, classNames }: PictureSet): number {
  const counts = classNames.map(() => 0);
  for (const label of heldOut.labels) counts[label] = (counts[label] ?? 0) + 1;
  return Math.max(...counts) / Math.max(1, heldOut.count);
}

function Progress({ learner, set }: { learner: Learner; set: PictureSet }) {
  const text = tell();
  const event = learner.last.value;
  const [epoch, target] = [learner.epoch.value, learner.target.value];
  const within = event && learner.phase.value !== "idle" ? (event.stepInEpoch + 1) / event.stepsPerEpoch : 0;
  const done = target === 0 ? 0 : Math.min(1, (epoch + (within < 1 ? within : 0)) / target);
  const phase = learner.phase.value;
  const left = secondsLeft(learner);
  const words = [
    ...(target > 0 ? [text.epochOf(count(Math.min(target, epoch + (epoch < target ? 1 : 0))), count(target))] : []),
    ...(event ? [text.step(count(event.step + 1)), text.loss(decimal(event.loss, 3))] : []),
    ...(event && phase === "training" && event.imagesPerSecond > 0 ? [text.speed(count(event.imagesPerSecond))] : []),
    ...(phase === "training" && left !== undefined ? [text.left(duration(left))] : []),
    ...(phase === "paused" ? [text.paused] : []),
    ...(phase === "idle" && epoch > 0 ? [text.finished] : []),
  ];
  const slow = phase === "training" && left !== undefined && left > SLOW_SECONDS;
  return (
    <div class="progress">
      <progress max={1} value={done} aria-label={text.trainProgress} />
      <p id="pictures-readings" class="readings">
        {words.map((part) => (
          <span key={part}>{part}</span>
        ))}
      </p>
      {slow && <p class="note">{text.slow(duration(left))}</p>}
      {epoch > 0 && <p class="note">{learner.kept.value ? text.trainingKept : text.trainingNotKept}</p>}
      <Announcement learner={learner} set={set} />
    </div>
  );
}

/** Of all epochs that are to come; undefined until the pace is known. */
function secondsLeft(learner: Learner): number | undefined {
  const event = learner.last.value;
  if (event === undefined || event.step < STEPS_TO_JUDGE || event.millisecondsPerStep === 0) return undefined;
  const whole = learner.target.value - learner.epoch.value;
  const steps = whole * event.stepsPerEpoch - (event.stepInEpoch + 1 < event.stepsPerEpoch ? event.stepInEpoch + 1 : 0);
  return (Math.max(0, steps) * event.millisecondsPerStep) / 1000;
}

/** Has a screen reader say each measurement. */
function Announcement({ learner }: { learner: Learner; set: PictureSet }) {
  const score = learner.score.value;
  useEffect(() => {
    if (score && learner.phase.peek() === "training") {
      announce(tell().announceEpoch(count(learner.epoch.peek()), percent(score.accuracy, 1)));
    }
  }, [score]);
  return null;
}

/** Loss and accuracy over the steps. */
function Curves({ app: { learner, drawn }, set }: { app: App; set: PictureSet }) {
  const text = tell();
  const colours = drawn.value;
  const [loss, lossReadout] = [useRef<HTMLDivElement>(null), useRef<HTMLSpanElement>(null)];
  const [accuracy, accuracyReadout] = [useRef<HTMLDivElement>(null), useRef<HTMLSpanElement>(null)];
  const charts = useRef<Charts>(null);
  const drawnAt = useRef(0);
  const event = learner.last.value;
  const score = learner.score.value;
  const phase = learner.phase.value;
  useLayoutEffect(() => {
    const places = [loss.current, lossReadout.current, accuracy.current, accuracyReadout.current] as const;
    const [lossChart, lossWords, accuracyChart, accuracyWords] = places;
    if (!lossChart || !lossWords || !accuracyChart || !accuracyWords) return;
    charts.current = new Charts({
      loss: { chart: lossChart, readout: lossWords },
      accuracy: { chart: accuracyChart, readout: accuracyWords },
    });
  }, []);
  useLayoutEffect(() => {
    const now = performance.now();
    const { run } = learner;
    if (
      phase === "training" &&
      event !== undefined &&
      event.step % 10 !== 0 &&
      now - drawnAt.current < CHART_MILLISECONDS
    )
      return;
    drawnAt.current = now;
    const perEpoch = event?.stepsPerEpoch ?? 0;
    const target = Math.max(run.losses.length, learner.target.peek() * perEpoch, 1);
    const classes = set.classNames.length;
    charts.current?.show({ run, target, classes, others: [], smoothing: 0.85, logLoss: false, logSteps: false });
    const measured = run.measurements.at(-1);
    const label = (title: string, training: string, heldOut: string) => text.chartLabel(title, training, heldOut);
    const figure = (value: number | undefined, write: (value: number) => string) =>
      value === undefined ? "–" : write(value);
    const [writeLoss, writeShare] = [(value: number) => decimal(value, 2), (value: number) => percent(value, 1)];
    if (loss.current)
      loss.current.ariaLabel = label(
        say().lossTitle,
        figure(measured?.trainingLoss, writeLoss),
        figure(measured?.loss, writeLoss),
      );
    if (accuracy.current)
      accuracy.current.ariaLabel = label(
        say().accuracyTitle,
        figure(measured?.trainingAccuracy, writeShare),
        figure(measured?.accuracy, writeShare),
      );
  }, [event, score, phase, text]);
  // Axes are written in the page's language and colours.
  useLayoutEffect(() => charts.current?.redraw(), [text, colours]);
  return (
    <div class="charts">
      <figure class="chart">
        <figcaption>
          <span class="chart-title">{say().lossTitle}</span>
          <span class="chart-readout" ref={lossReadout} />
        </figcaption>
        <div ref={loss} class="plot" />
      </figure>
      <figure class="chart">
        <figcaption>
          <span class="chart-title">{say().accuracyTitle}</span>
          <span class="chart-readout" ref={accuracyReadout} />
        </figcaption>
        <div ref={accuracy} class="plot" />
      </figure>
      <ul class="legend">
        <li class="key-smooth">{say().keySmooth}</li>
        <li class="key-raw">{say().keyRaw}</li>
        <li class="key-held-out">{text.keyHeldOut}</li>
      </ul>
    </div>
  );
}
