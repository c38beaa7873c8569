/** What the build's plugins share that read and change programs by their syntax trees. */

/** A program's text with insertions and replacements, [start, end, text], none of which adds or removes a line. */
export function edited(code, edits) {
  let text = code;
  for (const [start, end, put] of edits.toSorted(([a], [b]) => b - a))
    text = text.slice(0, start) + put + text.slice(end);
  return text;
}

/** Calls `enter` for every node of a syntax tree, but for the parts of those for which it gives false. */
export function visit(node, enter) {
  if (typeof node !== "object" || node === null) return;
  if (typeof node.type === "string" && enter(node) === false) return;
  for (const part of Object.values(node)) visit(part, enter);
}
