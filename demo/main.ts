/** The page: wires the session to the controls, the charts, the pad and the tables. */
import { sample } from "../src/data/dataset.ts";
import { addressOf, bindSelect, onView, VIEWS, view } from "./address.ts";
import { Charts } from "./charts.ts";
import { DigitPad } from "./digit_pad.ts";
import { announce, find, focusScrollers, make, write } from "./dom.ts";
import { DrawPanel } from "./draw_panel.ts";
import { InsideView } from "./inside/view.ts";
import {
  bytes,
  count,
  decimal,
  duration,
  language,
  milliseconds,
  onLanguage,
  percent,
  read,
  say,
  setLanguage,
  significant,
  store,
  translatePage,
} from "./language.ts";
import type { Language } from "./messages.ts";
import { showFacts, showNetwork } from "./network_table.ts";
import { downloadNotice, failureNotice, forcedCpuNotice, type Notice, noWebGpuNotice, showNotices } from "./notices.ts";
import { ProfilePanel } from "./profile_panel.ts";
import { Samples } from "./samples.ts";
import { type Force, loadDigits, Session } from "./session.ts";

/** While it trains, the drawing and the sample digits are read again this often. */
const REREAD_MILLISECONDS = 700;
/** The charts are drawn again this often at most. */
const CHART_MILLISECONDS = 150;

translatePage();

const parameters = new URLSearchParams(location.search);
const forced = parameters.get("force");
const force: Force = forced === "cpu" || forced === "nowebgpu" ? forced : undefined;

const session = new Session({ force, onChange: () => changed() });
const predict = (pixels: Float32Array) => session.predict(pixels);

const runButton = find("run", HTMLButtonElement);
const stepButton = find("step", HTMLButtonElement);
const resetButton = find("reset", HTMLButtonElement);
const epochsSelect = find("epochs", HTMLSelectElement);
const rateSelect = find("learning-rate", HTMLSelectElement);
const loadButton = find("load-all", HTMLButtonElement);

const charts = new Charts({
  loss: find("loss-chart", HTMLElement),
  accuracy: find("accuracy-chart", HTMLElement),
  lossReadout: find("loss-readout", HTMLElement),
  accuracyReadout: find("accuracy-readout", HTMLElement),
});

const inside = new InsideView({
  inspect: (pixels, target) => session.inspect(pixels, target),
  predict,
  parameters: () => session.parameters(),
  model: () => session.model,
  steps: () => session.steps,
});

const panel = new DrawPanel({
  pad: find("pad", DigitPad),
  predict,
  trained: () => session.steps > 0,
  onPixels(pixels) {
    inside.pixels = pixels;
  },
  testDigit() {
    const heldOut = session.digits?.heldOut;
    return heldOut && sample(heldOut, Math.floor(Math.random() * heldOut.count));
  },
});

const samples = new Samples(predict);
const profilePanel = new ProfilePanel(() => session.profile());

// ---- views

function showView(): void {
  for (const name of VIEWS) find(`view-${name}`, HTMLElement).hidden = name !== view();
  document.documentElement.dataset["view"] = view();
  placePad();
  inside.visible = view() === "inside";
  renderTitle();
  renderLinks();
}

const padPlace = document.querySelector(".pad-place");
const padButtons = document.querySelector(".pad-buttons");

/** One pad, in the view where drawing means something. Nobody looks inside at nothing: a test digit is there at first. */
function placePad(): void {
  if (padPlace === null || padButtons === null) return;
  if (view() === "inside") {
    find("inside-pad", HTMLElement).append(padPlace, padButtons);
    if (find("pad", DigitPad).empty && session.digits) void panel.showTestDigit();
  } else document.querySelector(".drawing")?.prepend(padPlace, padButtons);
}

function renderTitle(): void {
  const text = say();
  const words = {
    train: [text.title, session.backendKind === "webgpu" ? text.intro : text.introCpu, text.pageTitle],
    draw: [text.drawTitle, text.drawIntro, `${text.viewDraw} · Corteza`],
    inside: [text.insideTitle, text.insideIntro, `${text.viewInside} · Corteza`],
  } as const;
  const [title, intro, page] = words[view()];
  write(find("title", HTMLElement), title);
  write(find("intro", HTMLElement), intro);
  document.title = page;
}

/** The links keep the settings of the address. */
function renderLinks(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("[data-view]:is(a)")) {
    const name = VIEWS.find((one) => one === link.dataset["view"]) ?? "train";
    link.href = addressOf(name);
    if (name === view()) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

onView(() => {
  showView();
  scrollTo(0, 0);
  // A screen reader reads the new page from its top, as after any link.
  find("title", HTMLElement).focus({ preventScroll: true });
  charts.redraw();
  changed();
});

// ---- controls

bindSelect("epochs", epochsSelect);
bindSelect("learning-rate", rateSelect);
for (const select of [epochsSelect, rateSelect]) select.addEventListener("change", renderLinks);
session.setLearningRate(Number(rateSelect.value));

runButton.addEventListener("click", () => {
  if (session.phase === "training") session.pause();
  else session.train(Number(epochsSelect.value));
});
stepButton.addEventListener("click", () => void session.stepOnce());
resetButton.addEventListener("click", () => {
  void session.reset();
  announce(say().announceReset);
});
epochsSelect.addEventListener("change", () => changed());
rateSelect.addEventListener("change", () => session.setLearningRate(Number(rateSelect.value)));

// ---- the large data set

type Download =
  | { state: "idle" | "done" }
  | { state: "running"; loaded: number; total: number; abort: AbortController }
  | { state: "failed"; error: unknown };

let download: Download = { state: "idle" };

async function loadAll(): Promise<void> {
  const abort = new AbortController();
  download = { state: "running", loaded: 0, total: 0, abort };
  changed();
  try {
    const digits = await loadDigits("full", {
      signal: abort.signal,
      onProgress(loaded, total) {
        if (abort.signal.aborted) return;
        download = { state: "running", loaded, total, abort };
        renderDownload();
      },
    });
    download = { state: "done" };
    await session.useDigits(digits);
  } catch (error) {
    download = abort.signal.aborted ? { state: "idle" } : { state: "failed", error };
  }
  changed();
}

loadButton.addEventListener("click", () => {
  if (download.state === "running") download.abort.abort();
  else void loadAll();
});

function renderDownload(): void {
  const text = say();
  const running = download.state === "running";
  const bar = find("load-progress", HTMLProgressElement);
  bar.hidden = !running;
  loadButton.hidden = download.state === "done";
  loadButton.disabled = session.digits === undefined;
  write(loadButton, running ? text.loadCancel : text.loadAll);
  const note = find("load-note", HTMLElement);
  if (download.state === "running") {
    const { loaded, total } = download;
    if (total > 0) bar.value = loaded / total;
    else bar.removeAttribute("value");
    write(note, total > 0 ? text.loading(bytes(loaded), bytes(total)) : text.loadedSome(bytes(loaded)));
  } else write(note, download.state === "done" ? text.loadedAll : text.loadAllSize);
}

// ---- language and theme

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-language]")) {
  button.addEventListener("click", () => setLanguage(button.dataset["language"] as Language));
}

const STORED_THEME = "corteza.theme";
const themeButton = find("theme", HTMLButtonElement);
const darkPreferred = matchMedia("(prefers-color-scheme: dark)");

function theme(): "dark" | "light" {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "dark" || chosen === "light" ? chosen : darkPreferred.matches ? "dark" : "light";
}

function setTheme(chosen: string | null): void {
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset["theme"] = chosen;
  renderTheme();
}

function renderTheme(): void {
  const dark = theme() === "dark";
  write(themeButton, dark ? say().toLight : say().toDark);
  themeButton.ariaLabel = dark ? say().toLightLabel : say().toDarkLabel;
  charts.redraw();
  find("pad", DigitPad).redraw();
}

themeButton.addEventListener("click", () => {
  const other = theme() === "dark" ? "light" : "dark";
  store(STORED_THEME, other);
  setTheme(other);
});
darkPreferred.addEventListener("change", renderTheme);
setTheme(read(STORED_THEME));

// ---- what the page shows

let frame = 0;
let shownDigits = session.digits;
let shownMeasurement = session.latest;
let shownModel = "";
let shownFacts = "";
let charted = 0;
let reread = 0;

/** Something changed: the page is written again in the next frame. */
function changed(): void {
  if (frame === 0) frame = requestAnimationFrame(render);
}

function render(): void {
  frame = 0;
  renderControls();
  renderScore();
  renderReadings();
  renderDownload();
  renderNetwork();
  renderNotices();
  const now = performance.now();
  const measured = session.latest !== shownMeasurement;
  if (measured || session.phase !== "training" || now - charted > CHART_MILLISECONDS) {
    charted = now;
    charts.update(session.run, plannedTarget());
  }
  if (session.digits && session.digits !== shownDigits) {
    shownDigits = session.digits;
    samples.show(session.digits.heldOut);
    panel.ready = true;
    placePad();
  }
  if (measured || (session.phase === "training" && now - reread > REREAD_MILLISECONDS)) {
    reread = now;
    panel.refresh();
    void samples.refresh();
    inside.refresh();
  }
  if (measured) {
    shownMeasurement = session.latest;
    renderMeasurements();
    if (session.latest) inside.remember().catch(() => undefined);
    const { latest } = session;
    if (latest && latest.step > 0) announce(say().announceAccuracy(percent(latest.accuracy, 1), count(latest.step)));
  }
  panel.render();
}

/** Where a press on Train would lead. */
function plannedTarget(): number {
  return session.steps === 0 && session.phase !== "training"
    ? session.stepsIn(Number(epochsSelect.value))
    : session.target;
}

function renderControls(): void {
  const text = say();
  const { phase } = session;
  const usable = phase === "ready" || phase === "paused" || phase === "training";
  document.documentElement.dataset["phase"] = phase;
  runButton.disabled = !usable;
  write(
    runButton,
    phase === "training"
      ? text.pause
      : phase === "paused"
        ? text.resume
        : session.steps > 0
          ? text.trainMore
          : text.train,
  );
  stepButton.disabled = phase !== "ready" && phase !== "paused";
  stepButton.title = text.stepSize(count(session.batchSize));
  resetButton.disabled = !usable || session.steps === 0;
  profilePanel.usable = usable && session.digits !== undefined;
}

function renderScore(): void {
  const text = say();
  const { latest } = session;
  const number = find("accuracy", HTMLElement);
  const caption = find("accuracy-caption", HTMLElement);
  number.classList.toggle("pending", latest === undefined || latest.step === 0);
  write(number, latest === undefined ? "" : percent(latest.accuracy, 1));
  if (latest === undefined) write(caption, text.accuracyPending);
  else if (latest.step === 0) write(caption, text.accuracyBefore(count(latest.count)));
  else if (latest.step === 1) write(caption, text.accuracyAfterOne(count(latest.count)));
  else write(caption, text.accuracyAfter(count(latest.count), count(latest.step)));
}

function renderReadings(): void {
  const text = say();
  const { phase, last, steps, target } = session;
  const bar = find("progress", HTMLProgressElement);
  const goal = Math.max(target, steps);
  bar.value = goal === 0 ? 0 : steps / goal;
  const place = find("readings", HTMLElement);
  const words: string[] = [];
  if (phase === "loading") words.push(text.preparing);
  else if (phase === "failed" && steps === 0) words.push("");
  else if (steps === 0 && phase === "ready") {
    const epochs = Number(epochsSelect.value);
    words.push(text.ready(count(plannedTarget()), text.epochCount(epochs, count(epochs)), count(session.batchSize)));
  } else {
    words.push(text.stepOf(count(steps), count(goal)));
    if (last) {
      words.push(
        text.imagesPerSecond(significant(last.imagesPerSecond, 3)),
        text.millisecondsPerStep(milliseconds(last.millisecondsPerStep)),
      );
    }
    if (phase === "paused") words.push(text.paused);
    else if (phase === "training" && last)
      words.push(text.timeLeft(duration(((goal - steps) * last.millisecondsPerStep) / 1000)));
    else if (phase === "ready" && steps === target) words.push(text.trained);
  }
  if (place.childElementCount !== words.length) place.replaceChildren(...words.map(() => make("span")));
  words.forEach((word, index) => {
    write(place.children[index] as HTMLElement, word);
  });
}

function renderMeasurements(): void {
  const rows = session.run.measurements.map(({ step, trainingLoss, loss, accuracy }) =>
    make(
      "tr",
      {},
      make("td", { text: count(step) }),
      make("td", { text: trainingLoss === undefined ? "–" : decimal(trainingLoss, 3) }),
      make("td", { text: decimal(loss, 3) }),
      make("td", { text: percent(accuracy, 1) }),
    ),
  );
  find("measurements", HTMLElement).replaceChildren(...rows);
}

function renderNetwork(): void {
  const text = say();
  const key = `${session.backendKind} ${language()}`;
  if (key !== shownModel) {
    shownModel = key;
    showNetwork(session.model, session.batchSize, {
      rows: find("layers", HTMLElement),
      totals: find("layer-totals", HTMLElement),
    });
    renderTitle();
  }
  const { digits, stats } = session;
  write(
    find("data-line", HTMLElement),
    digits ? text.dataLine(count(digits.train.count), count(digits.heldOut.count)) : text.preparing,
  );
  const facts = `${key} ${JSON.stringify(stats)}`;
  if (facts !== shownFacts) {
    shownFacts = facts;
    showFacts(session.model, session.batchSize, stats, find("facts", HTMLElement));
  }
}

let shownNotices = "";

function renderNotices(): void {
  const notices: Notice[] = [];
  if (session.whyNotWebGpu) notices.push(noWebGpuNotice(session.whyNotWebGpu));
  else if (force === "cpu") notices.push(forcedCpuNotice());
  if (session.phase === "failed") {
    notices.push(
      failureNotice(session.error, {
        open: () => void session.open(),
        reset: () => void session.reset(),
        keptSteps: session.keptSteps,
        hasDigits: session.digits !== undefined,
      }),
    );
  }
  if (download.state === "failed") {
    notices.push(
      downloadNotice(download.error, () => {
        download = { state: "idle" };
        changed();
      }),
    );
  }
  const key = JSON.stringify(notices);
  if (key === shownNotices) return;
  shownNotices = key;
  showNotices(notices);
}

onLanguage(() => {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-language]")) {
    button.ariaPressed = String(button.dataset["language"] === language());
  }
  for (const option of rateSelect.options) option.text = significant(Number(option.value), 2);
  renderTheme();
  renderTitle();
  renderMeasurements();
  samples.render();
  profilePanel.render();
  inside.render();
  changed();
});

showView();
focusScrollers();
void session.open();
