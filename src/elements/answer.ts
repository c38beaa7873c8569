/** What stands beside the drawing in <digit-pad>: the answer, a bar for each class, what the network sees, and buttons to correct it. */
import type { PadWords } from "./words.ts";

/** Side of the network's picture, in pixels. */
export const SIDE = 28;

/** All that the panel shows. */
export interface AnswerView {
  readonly words: PadWords;
  /** For numbers. */
  readonly language: string;
  readonly labels: readonly string[];
  /** The value; "" where there is none. */
  readonly value: string;
  readonly sure: boolean;
  readonly probabilities: Float32Array | undefined;
  readonly caption: string;
  readonly failed: boolean;
  /** Whether another attempt may help. */
  readonly retry: boolean;
  readonly pixels: Float32Array | undefined;
  readonly busy: boolean;
  /** Whether the buttons of a correction are there, and whether they work. */
  readonly teach: "none" | "waits" | "ready";
}

/** What its buttons do. */
export interface AnswerListener {
  choose(index: number): void;
  retry(): void;
}

/** An element with a class, which is its part's name too. */
export function part<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
  ...children: Node[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.className = name;
  made.part.add(name);
  made.append(...children);
  return made;
}

export function button(name: string, onClick: () => void): HTMLButtonElement {
  const made = part("button", name);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

/** Rounded to 100 % it would claim a certainty that no network has. */
export function chance(probability: number, language: string): string {
  const format = new Intl.NumberFormat(language, { style: "percent" });
  return probability > 0.99 ? `> ${format.format(0.99)}` : format.format(probability);
}

export class AnswerPanel {
  readonly #listener: AnswerListener;
  readonly #digit = part("span", "digit");
  readonly #caption = part("span", "caption");
  readonly #seen = part("canvas", "seen");
  readonly #retry: HTMLButtonElement;
  readonly #bars = part("ol", "bars");
  readonly #legend = part("legend", "legend");
  readonly #teach = part("fieldset", "teach");
  readonly #status = document.createElement("p");
  readonly element: HTMLElement;
  #labels: readonly string[] = [];
  #announcing: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: AnswerListener) {
    this.#listener = listener;
    this.#retry = button("retry", () => listener.retry());
    this.#seen.width = this.#seen.height = SIDE;
    this.#seen.role = "img";
    this.#status.className = "unseen";
    this.#status.role = "status";
    const verdict = part("div", "verdict", this.#digit, this.#caption, this.#seen);
    this.element = part("div", "answer", verdict, this.#retry, this.#bars, this.#teach, this.#status);
  }

  /** Has a screen reader say what came last of what is said in short order. */
  announce(text: string): void {
    clearTimeout(this.#announcing);
    this.#announcing = setTimeout(() => {
      this.#status.textContent = text;
    }, 300);
  }

  render(view: AnswerView): void {
    const { words, labels, value, sure, probabilities } = view;
    if (labels !== this.#labels) this.#name(labels);
    this.element.ariaBusy = String(view.busy);
    this.#digit.textContent = value === "" ? "" : sure ? value : `${value}?`;
    this.#digit.classList.toggle("unsure", !sure);
    this.#caption.textContent = view.caption;
    this.#caption.classList.toggle("failed", view.failed);
    this.#retry.textContent = words.retry;
    this.#retry.hidden = !view.retry;
    this.#bars.ariaLabel = words.bars;
    const best = probabilities?.indexOf(Math.max(...probabilities));
    [...this.#bars.children].forEach((row, index) => {
      const share = probabilities?.[index];
      row.classList.toggle("best", index === best);
      row.querySelector<HTMLElement>(".fill")?.style.setProperty("--share", String(share ?? 0));
      const text = row.querySelector(".share");
      if (text) text.textContent = share === undefined ? "" : chance(share, view.language);
    });
    this.#legend.textContent = words.teach;
    this.#teach.hidden = view.teach === "none";
    this.#teach.disabled = view.teach !== "ready";
    this.#seen.ariaLabel = words.seen;
    this.#seen.hidden = view.pixels === undefined;
    if (view.pixels) this.#seen.getContext("2d")?.putImageData(imageDataOf(view.pixels), 0, 0);
  }

  /** A bar and a button for each class. */
  #name(labels: readonly string[]): void {
    this.#labels = labels;
    const named = labels.some((label) => label.length > 2);
    this.element.classList.toggle("named", named);
    this.#digit.classList.toggle("name", named);
    this.#bars.replaceChildren(
      ...labels.map((label) => {
        const name = part("span", "label");
        name.textContent = label;
        return part("li", "bar", name, part("span", "track", part("span", "fill")), part("span", "share"));
      }),
    );
    const choices = labels.map((label, index) => {
      const choice = button("choice", () => this.#listener.choose(index));
      choice.textContent = label;
      return choice;
    });
    this.#teach.replaceChildren(this.#legend, ...choices);
  }
}

/** 784 values 0…1 as a picture, white on black. */
export function imageDataOf(pixels: Float32Array): ImageData {
  const image = new ImageData(SIDE, SIDE);
  pixels.forEach((value, index) => {
    image.data.fill(Math.round(255 * value), 4 * index, 4 * index + 3);
    image.data[4 * index + 3] = 255;
  });
  return image;
}
