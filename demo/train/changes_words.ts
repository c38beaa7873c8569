/** What is wrong with a file of changes, in the page's language, to stand in a sentence. */
import { isOwnId } from "../digits.ts";
import { count, language, say } from "../language.ts";
import type { ChangesProblem } from "./changes.ts";

const en = {
  json: "it is not JSON",
  format: "it is no file of changes of this page",
  otherSet: (set: string) => `its changes are of another data set, ${set}; choose that one first`,
  otherOwn: "pictures of your own that are not in use now",
  noneLeft: (part: string) => `it would leave no picture of “${part}”`,
  noPart: (place: string) => `its change ${place} names neither “train” nor “heldOut”`,
  noPicture: (place: string, picture: string, part: string) =>
    `its change ${place} is of picture ${picture}, which “${part}” does not have`,
  otherLabel: (place: string, index: string, label: string, was: string) =>
    `its change ${place} says that picture ${index} came with the label ${was}, but it is ${label}`,
  noLabel: (place: string, largest: string) => `its change ${place} gives no label from 0 to ${largest}`,
};

const es: typeof en = {
  json: "no es JSON",
  format: "no es un archivo de cambios de esta página",
  otherSet: (set) => `sus cambios son de otros datos, ${set}; elige antes esos`,
  otherOwn: "imágenes tuyas que ahora no se usan",
  noneLeft: (part) => `no dejaría ninguna imagen de «${part}»`,
  noPart: (place) => `su cambio ${place} no nombra ni «train» ni «heldOut»`,
  noPicture: (place, picture, part) => `su cambio ${place} es de la imagen ${picture}, que no está en «${part}»`,
  otherLabel: (place, index, label, was) =>
    `su cambio ${place} dice que la imagen ${index} vino con la etiqueta ${was}, pero es ${label}`,
  noLabel: (place, largest) => `su cambio ${place} no da ninguna etiqueta de 0 a ${largest}`,
};

export function changesProblemWords(problem: ChangesProblem): string {
  const text = language() === "es" ? es : en;
  switch (problem.kind) {
    case "otherSet":
      return text.otherSet(setName(problem.id, text.otherOwn));
    case "noneLeft":
      return text.noneLeft(problem.part);
    case "noPart":
      return text.noPart(count(problem.place));
    case "noPicture":
      return text.noPicture(count(problem.place), problem.picture, problem.part);
    case "otherLabel":
      return text.otherLabel(count(problem.place), count(problem.index), count(problem.label), problem.was);
    case "noLabel":
      return text.noLabel(count(problem.place), count(problem.largest));
    default:
      return text[problem.kind];
  }
}

/** A data set by the name that a file has for it. */
function setName(id: string, own: string): string {
  if (id === "small") return say().dataSmall;
  if (id === "full") return say().dataFull;
  return isOwnId(id) ? own : `“${id}”`;
}
