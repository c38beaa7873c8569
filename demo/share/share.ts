/** A link that carries the trained network itself: made, measured, and opened. */
import { addressWith } from "../address.ts";
import { count, language, percent } from "../language.ts";
import type { NetworkFile } from "../network_file.ts";
import type { Session } from "../session.ts";
import { networkWith } from "../weights_file.ts";
import { en, es } from "./messages.ts";
import { decodeNetwork, encodeNetwork } from "./network_code.ts";

const say = () => ({ en, es })[language()];

export interface Shared {
  /** Undefined where the network is too large. */
  readonly link: string | undefined;
  /** What became of it, in the page's language. */
  words(): string;
  /** Resolves to the same with what rounding costs, measured on the held-out digits. */
  measure(): Promise<() => string>;
}

/** A link to the network as it is at this moment. */
export async function share(session: Session): Promise<Shared> {
  const { model, digits } = session;
  const parameters = await session.parameters();
  const code = await encodeNetwork(model, parameters);
  if (code === undefined) {
    const words = () => say().tooLarge;
    return { link: undefined, words, measure: async () => words };
  }
  const link = location.origin + location.pathname + location.search + addressWith("train", "trained", code);
  const words = () => say().made(count(Math.ceil(link.length / 1000)));
  const accuracyOf = async (network: NetworkFile) => {
    const { trainer } = await session.tryOut(network);
    try {
      return digits && (await trainer.evaluate(digits.heldOut)).accuracy;
    } finally {
      trainer.dispose();
    }
  };
  return {
    link,
    words,
    async measure() {
      const exact = networkWith({ parameters }, session);
      const before = await accuracyOf(exact);
      const after = await accuracyOf(await openShared(code, session));
      if (before === undefined || after === undefined || digits === undefined) return words;
      const { count: held } = digits.heldOut;
      return () => `${words()} ${say().cost(count(held), percent(after, 1), percent(before, 1))}`;
    },
  };
}

/** The network of an address. Throws `FileProblemError` for a code that is damaged or is no network for digits. */
export async function openShared(code: string, session: Session): Promise<NetworkFile> {
  const model = await decodeNetwork(code);
  return networkWith({ parameters: model.parameters }, { ...atHand(session), model });
}

const atHand = ({ optimizer, batchSize, seed }: Session) => ({ optimizer, batchSize, seed });
