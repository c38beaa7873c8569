/** What the view “Look inside” says, in both languages; as messages.ts, which holds the rest of the page's sentences. */
import { ownTitle } from "../classes.ts";
import { language } from "../language.ts";
import { en, type InsideMessages } from "./messages_en.ts";
import { es } from "./messages_es.ts";
import { OWN } from "./own_messages.ts";

const ofDigits = { en, es };
const ofOwn: Readonly<Record<"en" | "es", InsideMessages>> = { en: { ...en, ...OWN.en }, es: { ...es, ...OWN.es } };

/** The view's sentences in the page's language, of digits or of the visitor's own pictures. */
export function tell(): InsideMessages {
  return (ownTitle() === undefined ? ofDigits : ofOwn)[language()];
}
