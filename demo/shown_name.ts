/** Names that come from files, as the page shows them: what is in one may be anything. */

/** Marks that turn the direction of what follows round, that nobody sees, or that break a line. */
const UNSEEN = /[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
const MOST_CHARACTERS = 36;

/** A name without characters that change how the text around it looks. */
export function plainName(name: string): string {
  return name.replace(UNSEEN, "");
}

/** The same, at most so long: without its middle, since files are told apart by their ends too. */
export function shownName(name: string, most = MOST_CHARACTERS): string {
  const characters = [...plainName(name)];
  if (characters.length <= most) return characters.join("");
  const end = Math.floor(most / 3);
  return [...characters.slice(0, most - end - 1), "…", ...characters.slice(-end)].join("");
}
