/** Opens a file of weights without a network, and says in both languages what became of it. */

import { loadSafetensors } from "../src/formats/safetensors.ts";
import { count, language } from "./language.ts";
import type { NetworkFile } from "./network_file.ts";
import { shownName } from "./shown_name.ts";
import {
  type AtHand,
  type Named,
  networkWith,
  type Weights,
  WeightsMismatchError,
  weightsFor,
} from "./weights_file.ts";

const LAYOUTS = { pytorch: "PyTorch", keras: "Keras" } as const;

const en = {
  taken: (file: string, tensors: string) =>
    `Opened: the weights of ${file} went into the network at hand; they fit all ${tensors} tensors of it.`,
  byNames: "They were matched by their names.",
  byShapes: (pairs: string) => `Their names are not this page’s, so they were matched by shape and order: ${pairs}.`,
  layout: {
    pytorch: "They came in PyTorch’s layout and were rearranged into this page’s.",
    keras: "They are in Keras’ layout, which is this page’s too.",
  },
  told: {
    shapes: "",
    names: "Their shapes fit either layout; the names of the tensors told which one it is.",
    nothing:
      "Their shapes fit either layout and their names tell nothing, so this page’s was taken: watch the accuracy.",
  },
  begins: "The optimizer starts afresh.",
  refused: (file: string, layout: string) =>
    `Not opened: ${file} holds weights without a network, and they do not fit the one at hand. The network is as it was. Shapes are as ${layout} writes them.`,
  missing: (list: string) => `Nothing in the file fits ${list}.`,
  left: (list: string) => `The network has no place for ${list}.`,
  more: (others: string) => `${others} more`,
  quote: (name: string) => `“${name}”`,
  next: "Choose a network with the same layers in the view Train, then open the file again.",
};

const es: typeof en = {
  taken: (file, tensors) =>
    `Abierto: los pesos de ${file} pasaron a la red actual; encajan en sus ${tensors} tensores.`,
  byNames: "Se asignaron por sus nombres.",
  byShapes: (pairs) => `Sus nombres no son los de esta página, así que se asignaron por forma y orden: ${pairs}.`,
  layout: {
    pytorch: "Venían en el orden de PyTorch y se pasaron al de esta página.",
    keras: "Están en el orden de Keras, que es también el de esta página.",
  },
  told: {
    shapes: "",
    names: "Sus formas valen para ambos órdenes; los nombres de los tensores dijeron cuál es.",
    nothing:
      "Sus formas valen para ambos órdenes y sus nombres no dicen nada, así que se tomó el de esta página: mira la exactitud.",
  },
  begins: "El optimizador empieza de nuevo.",
  refused: (file, layout) =>
    `No se abrió: ${file} trae pesos sin red, y no encajan en la actual. La red sigue como estaba. Las formas van como las escribe ${layout}.`,
  missing: (list) => `Nada en el archivo encaja en ${list}.`,
  left: (list) => `La red no tiene sitio para ${list}.`,
  more: (others) => `${others} más`,
  quote: (name) => `«${name}»`,
  next: "Elige en la vista Entrenar una red con las mismas capas y abre el archivo otra vez.",
};

/** More names than this are counted, not listed. */
const MOST_NAMES = 6;

const say = () => ({ en, es })[language()];

/**
 * Reads a file for the network at hand: the network with its weights, or none where they do not fit; and what to say of
 * it, in the page's language whenever it is asked. Throws `FormatError` for what is no such file.
 */
export function openWeights(
  file: string,
  bytes: Uint8Array,
  atHand: AtHand,
): { network: NetworkFile | undefined; words: () => string } {
  try {
    const weights = weightsFor(atHand.model, loadSafetensors(bytes));
    return { network: networkWith(weights, atHand), words: () => takenWords(file, weights) };
  } catch (error) {
    if (!(error instanceof WeightsMismatchError)) throw error;
    return { network: undefined, words: () => mismatchWords(file, error) };
  }
}

/** What was opened, and how it was understood. */
function takenWords(file: string, { parameters, by, layout, told, pairs }: Weights): string {
  const text = say();
  return [
    text.taken(shownName(file), count(parameters.size)),
    by === "names"
      ? text.byNames
      : text.byShapes(listed(pairs.map(([from, to]) => `${shownName(from) || "–"} → ${shownName(to)}`))),
    text.layout[layout],
    text.told[told],
    text.begins,
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}

/** What does not fit, by name. */
function mismatchWords(file: string, { layout, missing, left }: WeightsMismatchError): string {
  const text = say();
  const names = (tensors: readonly Named[]) =>
    listed(tensors.map(({ name, shape }) => `${text.quote(shownName(name))} ${shape.map(count).join("×")}`));
  return [
    text.refused(shownName(file), LAYOUTS[layout]),
    ...(missing.length > 0 ? [text.missing(names(missing))] : []),
    ...(left.length > 0 ? [text.left(names(left))] : []),
    text.next,
  ].join(" ");
}

function listed(words: readonly string[]): string {
  const shown = words.length > MOST_NAMES ? words.slice(0, MOST_NAMES - 1) : words;
  const rest = words.length - shown.length;
  return [...shown, ...(rest > 0 ? [say().more(count(rest))] : [])].join(", ");
}
