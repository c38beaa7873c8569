/** What the view “Your pictures” says, in both languages; what reads it is written again in the other one. */
import { signal } from "@preact/signals";
import { language, onLanguage } from "../language.ts";
import { en, type PicturesMessages } from "./messages_en.ts";
import { es } from "./messages_es.ts";

const current = signal(language());
onLanguage(() => {
  current.value = language();
});

/** The view's sentences in the page's language. */
export function tell(): PicturesMessages {
  return current.value === "es" ? es : en;
}
