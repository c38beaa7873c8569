/** What is too long to be read at once is cut where its parts have names of their own. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const MOST_LINES_OF_A_FILE = 400;
const MOST_LINES_OF_A_FUNCTION = 80;
/** Functions that may be longer, as "path: name"; at most three. */
const LONGER: readonly string[] = [];

const filesOf = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: relative(root, path).replaceAll("\\", "/"), text: readFileSync(path, "utf8") };
    });
const files = filesOf("src");

/** Every function of a file with a body, by name, and its lines. */
function functionsOf({ path, text }: { path: string; text: string }): { name: string; lines: number }[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: { name: string; lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const line = (position: number) => source.getLineAndCharacterOfPosition(position).line;
      const { parent } = node;
      const named = node.name ?? (ts.isVariableDeclaration(parent) ? parent.name : undefined);
      const name = `${path}: ${named?.getText(source) ?? `line ${line(node.getStart(source)) + 1}`}`;
      found.push({ name, lines: line(node.end) - line(node.getStart(source)) + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe("the sources", () => {
  it(`have no file of more than ${MOST_LINES_OF_A_FILE} lines, those of the demo neither`, () => {
    const demo = filesOf("demo");
    expect([files.length > 200, demo.length > 100]).toEqual([true, true]);
    const long = [...files, ...demo].map(({ path, text }) => ({ path, lines: text.trimEnd().split("\n").length }));
    expect(long.filter(({ lines }) => lines > MOST_LINES_OF_A_FILE)).toEqual([]);
  });

  it(`have no function of more than ${MOST_LINES_OF_A_FUNCTION} lines`, () => {
    expect(LONGER.length).toBeLessThanOrEqual(3);
    const functions = files.flatMap(functionsOf);
    expect(functions.length).toBeGreaterThan(2000);
    const long = functions.filter(({ name, lines }) => lines > MOST_LINES_OF_A_FUNCTION && !LONGER.includes(name));
    expect(long).toEqual([]);
  });
});
