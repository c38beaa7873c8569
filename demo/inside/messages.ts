/** What the view “Look inside” says, in both languages; as messages.ts, which holds the rest of the page's sentences. */
import { language } from "../language.ts";
import { en, type InsideMessages } from "./messages_en.ts";
import { es } from "./messages_es.ts";

/** The view's sentences in the page's language. */
export function tell(): InsideMessages {
  return language() === "es" ? es : en;
}
