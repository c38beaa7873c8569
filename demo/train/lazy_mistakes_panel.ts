import { find, write } from "../dom.ts";
import { say } from "../language.ts";
import { Lazy } from "../lazy.ts";
import type { MistakesPanelOptions } from "./mistakes_panel.ts";

/** "Where it is wrong", whose program is fetched when there is something to show: after a first step, or with changes. */
export class LazyMistakesPanel {
  readonly #options: MistakesPanelOptions;
  readonly #lazy = new Lazy(
    () => import("./mistakes_panel.ts"),
    ({ MistakesPanel }) => new MistakesPanel(this.#options),
    () => this.render(),
  );

  constructor(options: MistakesPanelOptions) {
    this.#options = options;
  }

  /** Takes the changes of a file up; tries again where fetching the program failed. */
  async open(file: Blob): Promise<void> {
    await (await this.#lazy.load()).open(file);
  }

  /** Writes what changed; cheap, it is called at every frame of a training, and so tries no failed fetch again. */
  render(): void {
    const { part, failed } = this.#lazy;
    if (part) {
      part.render();
      return;
    }
    const { session, corrections } = this.#options;
    const needed = session.hasLearned || corrections.changes.length > 0 || corrections.pending;
    const text = say();
    write(find("mistakes-status", HTMLElement), failed ? text.mistakesNotLoaded : text.mistakesUntrained);
    if (needed && !failed) this.#lazy.load().catch(() => undefined);
  }
}
