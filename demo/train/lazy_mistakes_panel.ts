import { find, write } from "../dom.ts";
import { say } from "../language.ts";
import type { MistakesPanel, MistakesPanelOptions } from "./mistakes_panel.ts";

/** "Where it is wrong", whose program is fetched when there is something to show: after a first step, or with changes. */
export class LazyMistakesPanel {
  readonly #options: MistakesPanelOptions;
  #panel: MistakesPanel | undefined;
  #loading: Promise<MistakesPanel> | undefined;
  #failed = false;

  constructor(options: MistakesPanelOptions) {
    this.#options = options;
  }

  /** Takes the changes of a file up. */
  async open(file: Blob): Promise<void> {
    await (await this.#load()).open(file);
  }

  /** Writes what changed; cheap, it is called at every frame of a training. */
  render(): void {
    if (this.#panel) {
      this.#panel.render();
      return;
    }
    const { session, corrections } = this.#options;
    const needed = session.steps > 0 || corrections.changes.length > 0 || corrections.pending;
    const text = say();
    write(find("mistakes-status", HTMLElement), this.#failed ? text.mistakesNotLoaded : text.mistakesUntrained);
    if (needed && !this.#failed) this.#load().catch(() => undefined);
  }

  #load(): Promise<MistakesPanel> {
    this.#loading ??= import("./mistakes_panel.ts").then(
      ({ MistakesPanel }) => {
        this.#panel = new MistakesPanel(this.#options);
        this.#panel.render();
        return this.#panel;
      },
      (error: unknown) => {
        this.#loading = undefined;
        this.#failed = true;
        this.render();
        throw error;
      },
    );
    return this.#loading;
  }
}
