/** Opens networks that other programs wrote, for the page. */
import { openNetwork } from "../../src/formats/open_network.ts";
import { forDigits } from "../any_model.ts";
import { FileProblemError } from "../file_problem.ts";
import { count, language } from "../language.ts";
import type { NetworkFile } from "../network_file.ts";
import type { Session } from "../session.ts";
import { shownName } from "../shown_name.ts";
import { networkWith } from "../weights_file.ts";
import { FORMAT_WORDS } from "./messages.ts";

/** More losses than these are counted, not listed. */
const MOST_LOST = 4;

interface Named {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * The network of the files, of which TensorFlow.js has several, and what to say of it. Throws `FormatError` for what is no network or
 * has parts that this library does not have, `FileProblemError` for a network that is not one for digits.
 */
export async function openForeign(
  files: readonly Named[],
  session: Session,
): Promise<{ network: NetworkFile; words: () => string }> {
  const main = files.find(({ name }) => name.endsWith(".json")) ?? files[0];
  if (main === undefined) throw new FileProblemError({ kind: "damaged" }, "There is no file.");
  const { format, lost, channelsFirst, ...opened } = await openNetwork(main.bytes, {
    name: main.name,
    async shard(path) {
      // A browser tells names of files, not of their folders.
      const found = files.find(({ name }) => name === path.split("/").at(-1));
      if (found) return found.bytes;
      throw new FileProblemError({ kind: "shard", name: path }, `Choose model.json together with ${shownName(path)}.`);
    },
  });
  const model = forDigits(opened.model);
  const { optimizer, batchSize, seed } = session;
  const network = networkWith({ parameters: model.parameters }, { model, optimizer, batchSize, seed });
  const { parameters } = model.summary();
  const words = () => {
    const text = FORMAT_WORDS[language()];
    const named = lost.slice(0, MOST_LOST).map(shownName);
    const more = lost.length > named.length ? [`+ ${count(lost.length - named.length)}`] : [];
    return [
      text.opened(format, count(model.layers.length), count(parameters)),
      ...(channelsFirst ? [text.channels] : []),
      ...(lost.length > 0 ? [text.lost([...named, ...more].join(", "))] : []),
    ].join(" ");
  };
  return { network, words };
}
