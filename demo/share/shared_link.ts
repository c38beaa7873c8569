/** The link that carries a network: opened where the address has one, and made. */
import { setSetting, setting } from "../address.ts";
import { find } from "../dom.ts";
import { errorWords } from "../error_words.ts";
import { say } from "../language.ts";
import type { NetworkFile } from "../network_file.ts";
import type { Notice } from "../notices.ts";
import type { Session } from "../session.ts";
import type { Shared } from "./share.ts";

/** In the address. */
const SETTING = "trained";

export interface SharedLinkOptions {
  session: Session;
  /** Goes on with a network. Throws where it cannot; everything is as it was then. */
  adopt(network: NetworkFile): Promise<void>;
  /** There is something to tell. */
  onChange(): void;
}

export class SharedLink {
  readonly #options: SharedLinkOptions;
  /** The last network of an address that was opened, or tried. */
  #opened: string | undefined;
  /** Why the network of the address was not opened. */
  #problem: unknown;

  constructor(options: SharedLinkOptions) {
    this.#options = options;
  }

  /** Whether the visitor came for the network of the address. */
  get followed(): boolean {
    return setting(SETTING) !== undefined;
  }

  /** What to say above the page: the network could not be opened. */
  get notice(): Notice | undefined {
    if (this.#problem === undefined) return undefined;
    const text = say();
    const dismiss = () => {
      this.#problem = undefined;
      this.#options.onChange();
      find("run", HTMLButtonElement).focus();
    };
    return {
      ...{ kind: "failure", title: text.linkFailed, sentences: [errorWords(this.#problem)] },
      actions: [{ label: text.dismiss, run: dismiss }],
    };
  }

  /** Goes on with the network of the address, unless that was opened before. */
  async open(): Promise<void> {
    const code = setting(SETTING);
    if (code === undefined || code === this.#opened) return;
    this.#opened = code;
    try {
      const { openShared } = await import("./share.ts");
      await this.#options.adopt(await openShared(code, this.#options.session));
    } catch (error) {
      this.#problem = error;
      setSetting(SETTING, undefined);
    }
    this.#options.onChange();
  }

  /** A link to the network as it is now. */
  async share(): Promise<Shared> {
    return (await import("./share.ts")).share(this.#options.session);
  }

  /** Once it has trained on, it is another network than that of the address. */
  render(): void {
    if (this.followed && this.#options.session.steps > 0) setSetting(SETTING, undefined);
  }
}
