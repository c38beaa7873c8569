/**
 * Runs inside each test file of a coverage run: gathers which lines of which sources each test reaches, and writes them
 * to the file that the environment names.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect } from "vitest";

/** What one test reaches. The test without an id is what happens outside of all: imports, beforeAll. */
export interface Reached {
  readonly id: string;
  readonly name: string;
  readonly milliseconds: number;
  readonly lines: Readonly<Record<string, readonly number[]>>;
}

/** Longest source, in lines. */
const MOST_LINES = 4096;
const lines = new Map<string, Uint8Array>();

function linesOf(file: string): Uint8Array {
  const known = lines.get(file) ?? new Uint8Array(MOST_LINES);
  lines.set(file, known);
  return known;
}

Object.assign(globalThis, {
  cortezaLines: linesOf,
  /** Reads the marks of a shader as the device gets it. */
  cortezaShader(text: string) {
    for (const [, file = "", first, last] of text.matchAll(/\/\/@(\S+):(\d+)-(\d+)$/gm)) {
      linesOf(file).fill(1, Number(first), Number(last) + 1);
    }
  },
});

function take(): Record<string, number[]> {
  const taken: Record<string, number[]> = {};
  for (const [file, reached] of lines) {
    const numbers = [...reached.keys()].filter((line) => reached[line] === 1);
    if (numbers.length > 0) taken[file] = numbers;
    reached.fill(0);
  }
  return taken;
}

const tests: Reached[] = [];
let started = 0;

function record(id: string, name: string, milliseconds: number): void {
  tests.push({ id, name, milliseconds, lines: take() });
}

beforeEach(() => {
  record("", "", 0);
  started = performance.now();
});

afterEach(({ task }) => {
  record(task.id, task.name, performance.now() - started);
});

afterAll(() => {
  record("", "", 0);
  const folder = process.env["CORTEZA_COVERAGE"] ?? "";
  const path = expect.getState().testPath ?? "";
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${createHash("sha1").update(path).digest("hex")}.json`), JSON.stringify(tests));
});
