/** Dark or light: as the system prefers, or as the visitor chose. */
import { find, write } from "./dom.ts";
import { read, say, store } from "./language.ts";

const STORED = "corteza.theme";

export class Theme {
  readonly #onChange: () => void;
  readonly #button = find("theme", HTMLButtonElement);
  readonly #darkPreferred = matchMedia("(prefers-color-scheme: dark)");

  /** `onChange` draws again what the style sheet does not colour. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
    this.#button.addEventListener("click", () => {
      const other = this.#current() === "dark" ? "light" : "dark";
      store(STORED, other);
      this.#choose(other);
    });
    this.#darkPreferred.addEventListener("change", () => this.render());
    this.#choose(read(STORED));
  }

  #current(): "dark" | "light" {
    const chosen = document.documentElement.dataset["theme"];
    return chosen === "dark" || chosen === "light" ? chosen : this.#darkPreferred.matches ? "dark" : "light";
  }

  #choose(chosen: string | null): void {
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset["theme"] = chosen;
    this.render();
  }

  /** Writes the button, in the page's language. */
  render(): void {
    const dark = this.#current() === "dark";
    write(this.#button, dark ? say().toLight : say().toDark);
    this.#button.ariaLabel = dark ? say().toLightLabel : say().toDarkLabel;
    this.#onChange();
  }
}
