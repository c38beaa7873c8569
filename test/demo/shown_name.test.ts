import { expect, it } from "vitest";
import { plainName, shownName } from "../../demo/shown_name.ts";

it("a name that is shown turns nothing round, breaks no line, and keeps its letters in any script", () => {
  expect(plainName("photo\u202egnp.exe\n\u0000\u200b")).toBe("photognp.exe");
  for (const name of ["bota", "سبعة", "七", "👩‍🚀".replaceAll("\u200d", ""), "<b>"]) expect(plainName(name)).toBe(name);
});

it("a long name is shown by its beginning and its end", () => {
  const long = `${"a".repeat(50)}${"b".repeat(50)}.gz`;
  expect(shownName(long)).toBe(`${"a".repeat(23)}…${"b".repeat(9)}.gz`);
  expect(shownName("😀".repeat(40), 6)).toBe(`${"😀".repeat(3)}…${"😀".repeat(2)}`);
  expect(shownName("short")).toBe("short");
});
