import { find } from "./dom.ts";
import { Lazy } from "./lazy.ts";
import type { ProfilePanel } from "./profile_panel.ts";
import type { Session } from "./session.ts";
import type { BackendKind } from "./setup.ts";

/** Where the time of a step goes, whose program is fetched when somebody opens it. */
export class LazyProfilePanel {
  #usable = false;
  #backend: BackendKind = "cpu";
  readonly #lazy: Lazy<typeof import("./profile_panel.ts"), ProfilePanel>;

  constructor(session: Session) {
    this.#lazy = new Lazy(
      () => import("./profile_panel.ts"),
      ({ ProfilePanel }) => new ProfilePanel(() => session.profile()),
      () => this.render(),
    );
    const details = find("profile", HTMLDetailsElement);
    // After a failure the next opening tries again.
    details.addEventListener("toggle", () => {
      if (details.open && this.#lazy.part === undefined) this.#lazy.load().catch(() => undefined);
    });
  }

  /** What the network runs on, and whether there is a trainer to ask. */
  show(backend: BackendKind, usable: boolean): void {
    this.#backend = backend;
    this.#usable = usable;
    const { part } = this.#lazy;
    if (part === undefined) return;
    part.usable = usable;
    part.backend = backend;
  }

  /** The network gave way to another one: its times are nobody's now. */
  forget(): void {
    this.#lazy.part?.forget();
  }

  render(): void {
    this.show(this.#backend, this.#usable);
    this.#lazy.part?.render();
  }
}
