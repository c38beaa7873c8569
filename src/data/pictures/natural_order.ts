/** Sorts names as people do: numbers by their value, letters whatever their case. The same order in every browser. */
export function inNaturalOrder<T>(items: Iterable<T>, nameOf: (item: T) => string): T[] {
  const keyed = [...items].map((item) => ({ item, name: nameOf(item), key: piecesOf(nameOf(item)) }));
  keyed.sort((a, b) => byPieces(a.key, b.key) || byText(a.name, b.name));
  return keyed.map(({ item }) => item);
}

/** Runs of digits, and what is between them. */
const piecesOf = (name: string): string[] =>
  name
    .normalize("NFC")
    .toLowerCase()
    .match(/[0-9]+|[^0-9]+/g) ?? [];

function byPieces(left: readonly string[], right: readonly string[]): number {
  for (let place = 0; place < Math.min(left.length, right.length); place++) {
    const [one = "", other = ""] = [left[place], right[place]];
    const order = isNumber(one) && isNumber(other) ? byValue(one, other) : byText(one, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function isNumber(piece: string): boolean {
  const code = piece.charCodeAt(0);
  return code >= 48 && code <= 57;
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Of any length: a file may be named after a long number. */
function byValue(a: string, b: string): number {
  const [one, other] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return one.length - other.length || byText(one, other);
}
