/** The page's sentences: those of the language that it is read in are fetched, the others once they are chosen. */
export type Language = "en" | "es";
export type Messages = typeof import("./messages/en/index.ts").messages;
export type TrainMessages = typeof import("./messages/en/index.ts").trainMessages;

export interface Sentences {
  readonly messages: Messages;
  readonly trainMessages: TrainMessages;
}

const FETCH: Readonly<Record<Language, () => Promise<Sentences>>> = {
  en: () => import("./messages/en/index.ts"),
  es: () => import("./messages/es/index.ts"),
};

const fetched: Partial<Record<Language, Sentences>> = {};

/** Fetches the sentences of a language, unless they are there. Rejects where they are not to be had. */
export async function fetchSentences(language: Language): Promise<void> {
  fetched[language] ??= await FETCH[language]();
}

/** The sentences of a language. Throws where they were not fetched. */
export function sentencesOf(language: Language): Sentences {
  const sentences = fetched[language];
  if (sentences === undefined) throw new Error(`sentencesOf: await fetchSentences("${language}") first.`);
  return sentences;
}
