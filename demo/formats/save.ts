/** Saves the network at hand in the formats of other programs, as downloads. */
import { NETWORK_FORMATS, type NetworkFormat, networkFiles } from "../../src/standalone/network_files.ts";
import { anyModel } from "../any_model.ts";
import { download } from "../files.ts";
import { count, language } from "../language.ts";
import type { Session } from "../session.ts";
import { FORMAT_WORDS, type FormatName } from "./messages.ts";

/** The first file of each format. */
const NAMES: Readonly<Record<NetworkFormat, string>> = {
  corteza: "network.safetensors",
  onnx: "network.onnx",
  tfjs: "model.json",
  keras: "network.py",
  pytorch: "train.py",
  typescript: "network.ts",
  module: "network.js",
  svg: "network.svg",
  mermaid: "network.mmd",
};

/** Whether a format has this name. */
export function isFormat(name: string): name is NetworkFormat {
  return NETWORK_FORMATS.some((one) => one === name);
}

/** What a format keeps and what it does not, in the page's language. */
export function formatNote(name: FormatName): string {
  return FORMAT_WORDS[language()].saveNotes[name];
}

/** Saves the network as it is at this moment. Throws `ArgumentError` where a format has no place for one of its layers. */
export async function saveAs(format: NetworkFormat, session: Session): Promise<() => string> {
  const model = anyModel(session.model.toJSON());
  model.setParameters(await session.parameters());
  const { loss, optimizer, batchSize, seed, augmentRanges, digits } = session;
  const files = await networkFiles(format, model, {
    name: NAMES[format],
    labels: digits?.names.length === model.classes ? digits?.names : undefined,
    training: { loss, optimizer, batchSize, seed, ...(augmentRanges && { augment: augmentRanges }) },
  });
  for (const { name, content } of files) download(name, content, "application/octet-stream");
  const sizes = files.map(({ name, content }) => `${name} (${count(Math.ceil(content.length / 1000))} kB)`).join(", ");
  return () => `${FORMAT_WORDS[language()].saved(sizes)} ${formatNote(format)}`;
}
