import { make, write } from "../dom.ts";
import { count } from "../language.ts";
import type { Convolved } from "./maps.ts";
import { tell } from "./messages.ts";
import { number } from "./step.ts";

/** Maps with a line of their own; the others share one. */
const LISTED = 5;

/** The maps of the layer before that add most to a sum; each can be looked at. */
export class ChannelList {
  readonly element = make("ol", { className: "channels" });
  readonly #onChoose: (channel: number) => void;

  constructor(onChoose: (channel: number) => void) {
    this.#onChoose = onChoose;
  }

  /** `ranked` has the largest summand first; `named` says what a channel is called. */
  show(ranked: Convolved["channels"], chosen: number, named: (channel: number) => string): void {
    const text = tell();
    const listed = Math.min(LISTED, ranked.length);
    const others = ranked.slice(listed).reduce((total, { sum }) => total + sum, 0);
    const length = listed + Number(ranked.length > listed);
    if (this.element.childElementCount !== length) {
      this.element.replaceChildren(...Array.from({ length }, (_, index) => this.#makeItem(index < listed)));
    }
    Array.from(this.element.children).forEach((item, index) => {
      const summand = ranked[index];
      const button = item.firstElementChild;
      const isListed = index < listed && summand !== undefined && button instanceof HTMLButtonElement;
      if (isListed) {
        button.dataset["channel"] = String(summand.channel);
        button.ariaPressed = String(summand.channel === chosen);
      }
      const [name, sum] = (isListed ? button : item).children;
      const words = isListed ? named(summand.channel) : text.inOtherMaps(count(ranked.length - listed));
      if (name instanceof HTMLElement) write(name, words);
      if (sum instanceof HTMLElement) write(sum, number(isListed ? summand.sum : others));
    });
  }

  #makeItem(listed: boolean): HTMLElement {
    const words = [make("span"), make("span")];
    if (!listed) return make("li", {}, ...words);
    const button = make("button", {}, ...words);
    button.type = "button";
    button.addEventListener("click", () => this.#onChoose(Number(button.dataset["channel"])));
    return make("li", {}, button);
  }
}
