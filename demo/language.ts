/** The page's language: its sentences, and its way to write numbers. */
import { isLocale } from "./locale.ts";
import { fetchSentences, type Language, type Messages, sentencesOf, type TrainMessages } from "./messages.ts";
import { type Marks, marksOf, writeNumber } from "./number_text.ts";

/** Sentences in place of others of the page, in both languages. */
export type Wording = Readonly<Record<Language, Partial<Messages & TrainMessages>>>;

const STORED = "corteza.language";
const listeners: (() => void)[] = [];

function firstLanguage(): Language {
  const wanted = [new URLSearchParams(location.search).get("lang"), read(STORED), ...navigator.languages];
  for (const tag of wanted) {
    if (tag?.startsWith("es")) return "es";
    if (tag?.startsWith("en")) return "en";
  }
  return "en";
}

let current: Language = firstLanguage();
let wanted = current;

/** Once this has resolved, the page can speak: nothing of it may run before. */
export const wordsFetched: Promise<void> = fetchSentences(current);

/** Storage is a courtesy; it may be switched off. */
export function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a text for the next visit. False where that is forbidden: it then lasts as long as the page. */
export function store(key: string, value: string): boolean {
  try {
    localStorage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

export function language(): Language {
  return current;
}

/** The sentences of the page's language. */
export function say(): Messages {
  return worded(sentencesOf(current).messages);
}

/** The same of what the view "Train" says beyond that. */
export function trainSay(): TrainMessages {
  return worded(sentencesOf(current).trainMessages);
}

let wording: Wording | undefined;
/** Tables with the sentences of `wording` in them; each is made once. */
let made = new WeakMap<object, object>();

/** A table of sentences of the page's language, with those that the data set has other words for. */
export function worded<Table extends object>(table: Table): Table {
  if (wording === undefined) return table;
  const known = made.get(table) ?? { ...table, ...wording[current] };
  made.set(table, known);
  return known as Table;
}

/** Has the page say some things in other words; `undefined`: as it says them of handwritten digits. */
export function setWording(chosen: Wording | undefined): void {
  if (chosen === wording) return;
  wording = chosen;
  made = new WeakMap();
  rewrite();
}

/** Changes when the page's words do: for what is written again only then. */
export function wordsKey(): string {
  return wording === undefined ? current : `${current} own`;
}

/** The page stays in its language where the other one's sentences are not to be had. */
export async function setLanguage(chosen: Language): Promise<void> {
  wanted = chosen;
  try {
    await fetchSentences(chosen);
  } catch {
    return;
  }
  // Somebody may have chosen again meanwhile.
  if (wanted !== chosen) return;
  current = chosen;
  store(STORED, chosen);
  rewrite();
}

function rewrite(): void {
  translatePage();
  for (const listener of listeners) listener();
}

/** Calls `listener` now and after each change of the page's words. */
export function onLanguage(listener: () => void): void {
  listeners.push(listener);
  listener();
}

/** Fills the elements that name their sentence: `data-text` as text, `data-label` as `aria-label`. */
export function translatePage(): void {
  document.documentElement.lang = current;
  document.title = say().pageTitle;
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]"))
    element.textContent = sentence(element.dataset["text"]);
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]"))
    element.ariaLabel = sentence(element.dataset["label"]);
}

function sentence(key = ""): string {
  const found = ({ ...trainSay(), ...say() } as Readonly<Record<string, unknown>>)[key];
  if (typeof found !== "string")
    throw new Error(`index.html asks for the sentence "${key}", which demo/messages does not have.`);
  return found;
}

/** The visitor's own variant of the language, where there is one: es-MX writes 25,088 and es-ES 25.088. */
function locale(): string {
  return navigator.languages.find((tag) => tag.startsWith(current) && isLocale(tag)) ?? current;
}

function format(value: number, options: Intl.NumberFormatOptions): string {
  // "2.500" in Spanish as well as "25.088": one style for all numbers.
  return new Intl.NumberFormat(locale(), { useGrouping: true, ...options }).format(value);
}

/** How numbers are written into fields, and read from them. */
export const fieldNumber = (value: number) => writeNumber(value, locale());
export const fieldMarks = (): Marks => marksOf(locale());

export const count = (value: number) => format(value, { maximumFractionDigits: 0 });
export const decimal = (value: number, digits: number) =>
  format(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const significant = (value: number, digits: number) => format(value, { maximumSignificantDigits: digits });
/** 0.974 → "97.4 %" or "97 %". */
export const percent = (share: number, digits = 0) =>
  format(share, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });

/** A learning rate: "0.003", "1E30". */
export function learningRate(rate: number): string {
  const usual = rate >= 1e-6 && rate < 1e5;
  return format(rate, { maximumSignificantDigits: 3, notation: usual ? "standard" : "scientific" });
}

export function bytes(value: number): string {
  const [unit, size] = value < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
  return format(value / Number(size), { style: "unit", unit: String(unit), maximumSignificantDigits: 3 });
}

/** "2.1 ms", "310 ms", "1.2 s". */
export function milliseconds(value: number): string {
  if (value >= 1000) return format(value / 1000, { style: "unit", unit: "second", maximumSignificantDigits: 2 });
  return format(value, { style: "unit", unit: "millisecond", maximumSignificantDigits: value < 100 ? 2 : 3 });
}

/** "12 s", "3 min". */
export function duration(seconds: number): string {
  const unit = seconds < 90 ? "second" : "minute";
  return format(Math.max(0, Math.round(unit === "second" ? seconds : seconds / 60)), {
    style: "unit",
    unit,
    unitDisplay: "short",
  });
}

/** A time as a date and an hour: "Nov 25, 5:40 AM". */
export function moment(time: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(time);
}
