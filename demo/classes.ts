/** What the classes of the data set are called; every view says it the same way. */
import { CLASSES, DIGIT_NAMES, type Digits } from "./digits.ts";
import { setWording } from "./language.ts";
import { shownName } from "./shown_name.ts";

let names = DIGIT_NAMES;
let own: string | undefined;

/** From now on the names, and the page's words for the pictures, are this data set's. */
export function nameClasses(digits: Pick<Digits, "names" | "title" | "wording">): void {
  names = digits.names.map((name) => shownName(name));
  own = digits.title;
  setWording(digits.wording);
}

/** The name of a class; its number where the data set has none for it. */
export function className(label: number): string {
  return names[label] ?? String(label);
}

/** Whether some names are more than a figure, and want more room. */
export function hasLongNames(): boolean {
  return names.some((name) => name.length > 2);
}

/** What files of the visitor's the classes are of; undefined for MNIST's digits. */
export function ownTitle(): string | undefined {
  return own;
}

export { CLASSES };
