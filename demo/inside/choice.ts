import { make, write } from "../dom.ts";

/** One of a few, side by side: buttons, of which one is pressed. */
export class Choice<Value> {
  readonly element = make("div", { className: "switch sides" });
  readonly #values: readonly Value[];
  readonly #buttons: readonly HTMLButtonElement[];

  constructor(values: readonly Value[], onChoose: (value: Value) => void) {
    this.#values = values;
    this.#buttons = values.map((value) => {
      const button = make("button");
      button.type = "button";
      button.addEventListener("click", () => onChoose(value));
      return button;
    });
    this.element.setAttribute("role", "group");
    this.element.append(...this.#buttons);
  }

  /** `name` gives a button's words; undefined where there is nothing to choose. */
  show(label: string, chosen: Value, name: (value: Value) => string | undefined): void {
    this.element.ariaLabel = label;
    this.#buttons.forEach((button, index) => {
      const value = this.#values[index];
      const words = value === undefined ? undefined : name(value);
      button.hidden = words === undefined;
      write(button, words ?? "");
      button.ariaPressed = String(value === chosen);
    });
  }
}
