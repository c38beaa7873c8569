/** The page: one session, three views on it, the bar of the training above them, and a fourth view with a training of its own. */
import { sample } from "../src/data/subset.ts";
import { addressOf, onView, VIEWS, type View, view } from "./address.ts";
import { nameClasses } from "./classes.ts";
import { cureOf } from "./cure.ts";
import { announce, find, focusScrollers, write } from "./dom.ts";
import type { DrawView } from "./draw_view.ts";
import { onDropped } from "./dropped.ts";
import { LazyInsideView } from "./inside/lazy_view.ts";
import { KeepPanel } from "./keep_panel.ts";
import { kept, tryKeeping } from "./kept.ts";
import { count, language, onLanguage, percent, say, setLanguage, translatePage } from "./language.ts";
import { Lazy } from "./lazy.ts";
import type { Language } from "./messages.ts";
import {
  ailmentNotice,
  failureNotice,
  forcedCpuNotice,
  type Notice,
  noGpuNotice,
  notKeptNotice,
  showNotices,
} from "./notices.ts";
import { keepFiles } from "./offline_files.ts";
import { openTrainer } from "./open_trainer.ts";
import { Runner } from "./runner.ts";
import { Session } from "./session.ts";
import type { Force } from "./setup.ts";
import { Stage } from "./stage/stage.ts";
import { Theme } from "./theme.ts";
import { Corrections } from "./train/corrections.ts";
import { TrainView } from "./train/train_view.ts";

/** While it trains, the drawing and the sample digits are read again this often. */
const REREAD_MILLISECONDS = 700;

translatePage();

const parameters = new URLSearchParams(location.search);
const forced = parameters.get("force");
const force: Force = forced === "cpu" || forced === "nowebgpu" || forced === "webgpu" ? forced : undefined;

const session: Session = new Session({
  ...{ force, openTrainer },
  load: () => train.firstDigits(),
  onChange: () => changed(),
});
const corrections = new Corrections();
const predict = (pixels: Float32Array) => session.predict(pixels);

const train = new TrainView({
  ...{ session, corrections, onChange: () => changed(), onSetting: () => renderLinks() },
  onBeginAnew: () => keeping.beginAnew(),
});
const runner = new Runner(session, () => train.epochs);

const inside = new LazyInsideView({
  inspect: (pixels, options) => session.inspect(pixels, options),
  draw: (pixels, drawings, target) => session.draw(pixels, drawings, target),
  drawer: () => session.drawer,
  predict,
  parameters: () => session.parameters(),
  model: () => session.model,
  steps: () => session.steps,
  training: () => session.phase === "training",
  run: () => session.run.id,
  firstParameters: () => session.firstParameters,
});

const stage = new Stage({
  predict,
  model: () => session.model,
  trainer: () => session.trainer,
  draw: (pixels, drawings) => session.draw(pixels, drawings, undefined),
  temperature: () => session.temperature,
  training: () => session.phase === "training",
  hasLearned: () => session.hasLearned,
  onLook: (layer) => inside.lookAt(layer, () => goTo("inside")),
});

/** The pad, whose program is fetched when it is first seen, or when something is put on it. */
const drawing = new Lazy(
  () => import("./draw_view.ts"),
  ({ DrawView }) =>
    new DrawView({
      session,
      onPixels(pixels) {
        inside.pixels = pixels;
        stage.pixels = pixels;
        // A drawing can be corrected; an empty pad cannot.
        changed();
      },
      onOutcome: () => render(),
      onComplete() {
        showSections();
        changed();
      },
    }),
  () => {
    if (view() === "draw") drawing.part?.open();
    showSections();
    placePad();
    changed();
  },
);

/** Pictures of the visitor's own, with a network of their own; its program is fetched when the view is opened. */
const pictures = new Lazy(
  async () => {
    const module = await import("./pictures/view.tsx");
    await module.stylesLoaded();
    return module;
  },
  ({ PicturesView }) => {
    return new PicturesView(find("view-pictures", HTMLElement), {
      ...{ force, onCpu: () => session.backendKind === "cpu", onTraining: () => session.pause() },
      onInside: (wanted) => lookInto(wanted ? "pictures" : "digits"),
    });
  },
  () => showPictures(),
);

const keeping = new KeepPanel({
  session,
  epochs: () => train.epochs,
  loadDigits: (id) => train.loadDigits(id),
  onOutcome: () => render(),
});
find("reset", HTMLButtonElement).addEventListener("click", () => keeping.beginAnew());

onDropped({
  ...{ goTo, pictures, keeping, train },
  showPicture: (file) => withDrawing((view) => view.showPicture(file)),
  openDrawings: (file) => withDrawing((view) => view.openDrawings(file)),
});

function goTo(name: View): void {
  if (view() !== name) location.hash = addressOf(name);
}

/** Where the pad cannot be fetched, its view says so. */
async function withDrawing(work: (view: DrawView) => Promise<void>): Promise<void> {
  const view = await drawing.load().catch(() => undefined);
  if (view) await work(view);
}

// ---- views

function showView(): void {
  if (view() !== "pictures" && drawing.part === undefined) drawing.load().catch(() => undefined);
  if (view() === "draw") drawing.part?.open();
  showSections();
  document.documentElement.dataset["view"] = view();
  placePad();
  inside.visible = view() === "inside" && network === "digits";
  stage.visible = view() === "train";
  // After a failure the next opening tries again.
  if (view() === "pictures" && pictures.part === undefined) pictures.load().catch(() => undefined);
  showPictures();
  renderTitle();
  renderLinks();
}

/** Views with a pad are seen once it works, or once it is known that it does not come. */
function showSections(): void {
  const { part, failed } = drawing;
  const ready = { train: true, draw: part?.complete || failed, inside: part !== undefined || failed, pictures: true };
  for (const name of VIEWS) find(`view-${name}`, HTMLElement).hidden = name !== view() || !ready[name];
}

/** Only a view that is seen listens to what is dropped, and looks through a camera. */
function showPictures(): void {
  const { part, failed } = pictures;
  if (part) {
    part.visible = view() === "pictures";
    part.insideVisible = view() === "inside" && network === "pictures";
  } else if (failed) write(find("view-pictures", HTMLElement), say().insideNotLoaded);
}

const padPlace = document.querySelector(".pad-place");
const padButtons = document.querySelector(".pad-buttons");

/** One pad, in the view where drawing means something. Nobody looks inside at nothing: a test digit is there at first. */
function placePad(): void {
  if (padPlace === null || padButtons === null) return;
  if (view() === "inside") {
    find("inside-pad", HTMLElement).append(padPlace, padButtons);
    void drawing.part?.fill();
  } else if (view() === "train") find("stage-pad", HTMLElement).append(padPlace, padButtons);
  else document.querySelector(".drawing")?.prepend(padPlace, padButtons);
}

/** Which network “Look inside” is about: that of the views Train and Draw, or that of the visitor's own pictures. */
let network: "digits" | "pictures" = "digits";

function lookInto(wanted: typeof network): void {
  const isOther = network !== wanted;
  network = wanted;
  document.documentElement.dataset["network"] = wanted;
  if (wanted === "pictures" && view() !== "inside") goTo("inside");
  else if (isOther) showView();
  changed();
}

/** The classes of the network that is shown. */
function nameShownClasses(): void {
  const own = network === "pictures" && view() === "inside" ? pictures.part?.classes : undefined;
  if (own ?? session.digits) nameClasses(own ?? session.digits ?? { names: [] });
}

function renderTitle(): void {
  const text = say();
  const words = {
    train: [text.title, session.backendKind === "webgpu" ? text.intro : text.introCpu, text.pageTitle],
    draw: [text.drawTitle, text.drawIntro, `${text.viewDraw} · Corteza`],
    inside: [text.insideTitle, text.insideIntro, `${text.viewInside} · Corteza`],
    pictures: [text.viewPictures, text.picturesIntro, `${text.viewPictures} · Corteza`],
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
  train.redraw();
  changed();
  void keeping.openShared();
});

// ---- language and theme

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-language]")) {
  button.addEventListener("click", () => void setLanguage(button.dataset["language"] as Language));
}

const theme = new Theme(() => {
  train.redraw();
  drawing.part?.redraw();
  pictures.part?.redraw();
});

// ---- what the page shows

let frame = 0;
let shownDigits = session.digits;
let shownMeasurement = session.latest;
let shownBackend = session.backendKind;
let shownReplacements = session.replacements;
let reread = 0;

/** Something changed: the page is written again in the next frame. */
function changed(): void {
  if (frame === 0) frame = requestAnimationFrame(render);
}

/** Writes the page as everything is now: nobody sees one part of it ahead of another. */
function render(): void {
  cancelAnimationFrame(frame);
  frame = 0;
  const measured = session.latest !== shownMeasurement;
  nameShownClasses();
  runner.render();
  train.render({ plannedTarget: runner.plannedTarget });
  renderNotices();
  if (session.backendKind !== shownBackend) {
    shownBackend = session.backendKind;
    renderTitle();
  }
  if (session.digits && session.digits !== shownDigits) {
    shownDigits = session.digits;
    stage.sample = sample(shownDigits.heldOut, 0).image;
    placePad();
  }
  const now = performance.now();
  // What other weights read is no longer shown; the present ones are asked at once.
  const replaced = session.replacements !== shownReplacements && session.usable;
  if (session.replacements !== shownReplacements) {
    train.forget();
    stage.forget();
  }
  if (replaced) shownReplacements = session.replacements;
  if (measured || replaced || (session.phase === "training" && now - reread > REREAD_MILLISECONDS)) {
    reread = now;
    drawing.part?.refresh();
    train.reread();
    inside.refresh();
    stage.refresh();
  }
  if (measured) {
    shownMeasurement = session.latest;
    if (session.latest) inside.remember().catch(() => undefined);
    const { latest } = session;
    if (latest && latest.step > 0) announce(say().announceAccuracy(percent(latest.accuracy, 1), count(latest.step)));
  }
  renderDrawing();
  stage.render();
  keeping.render();
}

function renderDrawing(): void {
  const { part, failed } = drawing;
  if (part) part.render();
  else if (failed) write(find("draw-note", HTMLElement), say().insideNotLoaded);
}

let shownNotices = "";

function renderNotices(): void {
  const [notices, computing]: [Notice[], Notice[]] = [[], []];
  if (session.passedOver.length > 0) {
    // Where the CPU backend computes, the network is another one.
    const place = session.backendKind === "cpu" ? notices : computing;
    place.push(noGpuNotice(session.passedOver, session.backendKind));
  } else if (force === "cpu") notices.push(forcedCpuNotice());
  const { database, texts } = kept();
  if (!database || !texts) notices.push(notKeptNotice(kept()));
  if (session.phase === "failed") {
    notices.push(
      failureNotice(session.error, {
        open: () => void session.open(),
        goBack: (learningRate) => {
          void session.goBack(learningRate);
          find("run", HTMLButtonElement).focus();
        },
        learningRate: session.learningRate,
        bestSteps: session.bestSteps,
        keptSteps: session.keptSteps,
        hasDigits: session.digits !== undefined,
      }),
    );
  }
  if (session.ailment && session.usable)
    notices.push(
      ailmentNotice(
        session.ailment,
        cureOf(session, { epochs: () => train.epochs, beginAnew: () => keeping.beginAnew() }),
      ),
    );
  if (train.notice) notices.push(train.notice);
  if (keeping.notice) notices.push(keeping.notice);
  const key = JSON.stringify([notices, computing]);
  if (key === shownNotices) return;
  shownNotices = key;
  showNotices(notices, "notices");
  showNotices(computing, "computing");
}

onLanguage(() => {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-language]")) {
    button.ariaPressed = String(button.dataset["language"] === language());
  }
  theme.render();
  renderTitle();
  train.translate();
  inside.render();
  changed();
});

showView();
focusScrollers();
void session.open().then(() => keeping.openShared());
const keepingTried = tryKeeping().then((missing) => {
  if (missing) changed();
});

keepFiles(keepingTried);
