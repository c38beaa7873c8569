/**
 * `npm run messages`: every sentence of the demo in both languages as one table, to be read again as a whole. A sentence with
 * gaps shows their names: {steps}.
 */

import { FORMAT_WORDS } from "../demo/formats/messages.ts";
import { en as insideEn } from "../demo/inside/messages_en.ts";
import { es as insideEs } from "../demo/inside/messages_es.ts";
import { OWN } from "../demo/inside/own_messages.ts";
import { WHYS } from "../demo/inside/why_messages.ts";
import * as pageEn from "../demo/messages/en/index.ts";
import * as pageEs from "../demo/messages/es/index.ts";
import { en as picturesEn } from "../demo/pictures/messages_en.ts";
import { es as picturesEs } from "../demo/pictures/messages_es.ts";
import { en as shareEn, es as shareEs } from "../demo/share/messages.ts";

// The sentences about own pictures lie beside code that asks the page for its language.
Object.assign(globalThis, { location: { search: "" }, navigator: { languages: [] } });
const { PICTURES } = await import("../demo/messages/own_pictures.ts");

type Table = Readonly<Record<string, unknown>>;

const TABLES: readonly (readonly [name: string, en: Table, es: Table])[] = [
  ["The page", pageEn.messages, pageEs.messages],
  ["The view Train", pageEn.trainMessages, pageEs.trainMessages],
  ["Look inside", insideEn, insideEs],
  ["The whys of Look inside", WHYS.en, WHYS.es],
  ["Your pictures", picturesEn, picturesEs],
  ["Links to networks", shareEn, shareEs],
  ["Formats of networks", FORMAT_WORDS.en, FORMAT_WORDS.es],
  ["The page, of own pictures", PICTURES.en, PICTURES.es],
  ["Look inside, of own pictures", OWN.en, OWN.es],
];

/** Sentences by key; those of a table or a list within it by "key.name". */
function sentences(table: Table, prefix = ""): [key: string, text: string][] {
  return Object.entries(table).flatMap(([key, value]): [string, string][] => {
    const name = prefix + key;
    if (typeof value === "string") return [[name, value]];
    if (typeof value === "function") return [[name, withNames(value as (...gaps: unknown[]) => unknown)]];
    return typeof value === "object" && value !== null ? sentences(value as Table, `${name}.`) : [];
  });
}

/** A sentence with the names of its gaps in their places. */
function withNames(sentence: (...gaps: unknown[]) => unknown): string {
  const [, list = ""] = /^\(([^)]*)\)/.exec(String(sentence)) ?? [];
  const gaps = list.split(",").map((gap) => gap.replaceAll(/[[\]\s]/g, ""));
  try {
    // Where one gap is a list, its parts have the names.
    return list.startsWith("[")
      ? String(
          sentence(
            gaps.map((gap) => `{${gap}}`),
            "{value}",
          ),
        )
      : String(sentence(...gaps.map((gap) => `{${gap}}`)));
  } catch {
    return String(sentence).replaceAll(/\s+/g, " ");
  }
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

for (const [name, en, es] of TABLES) {
  const spanish = new Map(sentences(es));
  console.log(`\n## ${name}\n\n| | English | Español |\n| --- | --- | --- |`);
  for (const [key, text] of sentences(en)) console.log(`| ${key} | ${cell(text)} | ${cell(spanish.get(key) ?? "")} |`);
}
