/**
 * What the files of a build import. No file may import an entry: WebKit evaluates a module worker's own file a second time
 * when a chunk that it loads later imports it (seen in WebKitGTK 2.50; Chromium and Firefox evaluate it once), and then two
 * workers in one answer each call.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { parseAst } from "vite";

/** The entries of a build, those that pages and workers start with and those that are `named`; and who imports them. */
export function importsOfEntries(folder, named = []) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
  const scripts = files.filter((file) => file.endsWith(".js"));
  const entries = new Set(named);
  const imports = [];
  for (const file of files.filter((name) => name.endsWith(".html"))) {
    for (const [, source] of readFileSync(join(folder, file), "utf8").matchAll(/<script[^>]*\ssrc="([^"]+)"/g))
      entries.add(target(folder, file, source));
  }
  for (const file of scripts) {
    const { imported, started } = namesIn(readFileSync(join(folder, file), "utf8"));
    for (const source of imported) imports.push({ from: file, to: target(folder, file, source) });
    // A worker's address is taken from its page or from the file that names it.
    for (const source of started) {
      for (const path of [target(folder, file, source), target(folder, "index.html", source)])
        if (scripts.includes(path)) entries.add(path);
    }
  }
  return { entries: [...entries].sort(), imports, forbidden: imports.filter(({ to }) => entries.has(to)) };
}

function target(folder, from, source) {
  return relative(folder, resolve(folder, dirname(from), source))
    .split(sep)
    .join("/");
}

/** The specifiers of a module's imports, static and not; and the scripts that it makes addresses or workers of. */
function namesIn(code) {
  const imported = new Set();
  const started = new Set();
  const visit = (node) => {
    if (typeof node !== "object" || node === null) return;
    const source = textOf(node.source);
    if (/^(Import|Export)/.test(node.type) && source?.startsWith(".")) imported.add(source);
    // `new URL("worker.js", import.meta.url)`, `new Worker("worker.js")`, `navigator.serviceWorker.register("offline.js")`
    const starts = node.type === "NewExpression" || node.callee?.property?.name === "register";
    const name = starts ? textOf(node.arguments[0]) : undefined;
    if (name?.endsWith(".js")) started.add(name);
    for (const part of Object.values(node)) visit(part);
  };
  visit(parseAst(code));
  return { imported, started };
}

function textOf(node) {
  if (node?.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0].value.cooked;
  return typeof node?.value === "string" ? node.value : undefined;
}
