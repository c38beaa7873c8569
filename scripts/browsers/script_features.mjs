/**
 * The features of the platform that TypeScript files use: everything that resolves to a declaration of TypeScript's own
 * libraries (ES, DOM) or of WebGPU's types, as paths in the compatibility data. No list of names is kept here, so that no
 * feature is forgotten.
 */
import { resolve } from "node:path";
import ts from "typescript";
import { isInData, supportOf } from "./support.mjs";

const root = resolve(import.meta.dirname, "../..");

/** Interfaces that only lend their members to others; the data have those under the others. */
const MIXINS = {
  ARIAMixin: ["Element"],
  AbstractWorker: ["Worker"],
  CSSStyleDeclarationBase: ["CSSStyleDeclaration"],
  Animatable: ["Element"],
  AnimationFrameProvider: ["Window", "DedicatedWorkerGlobalScope"],
  Body: ["Response", "Request"],
  ChildNode: ["Element", "CharacterData"],
  DocumentOrShadowRoot: ["Document"],
  ElementCSSInlineStyle: ["HTMLElement"],
  ElementContentEditable: ["HTMLElement"],
  FontFaceSource: ["Document"],
  GenericTransformStream: ["DecompressionStream"],
  GlobalEventHandlers: ["Element", "HTMLElement", "Document"],
  HTMLHyperlinkElementUtils: ["HTMLAnchorElement"],
  HTMLOrSVGElement: ["HTMLElement"],
  InnerHTML: ["Element"],
  MessageEventTarget: ["Worker", "MessagePort"],
  NavigatorConcurrentHardware: ["Navigator"],
  NavigatorID: ["Navigator"],
  NavigatorLanguage: ["Navigator"],
  NavigatorLocks: ["Navigator"],
  NavigatorStorage: ["Navigator"],
  NavigatorGPU: ["Navigator"],
  NonDocumentTypeChildNode: ["Element"],
  NonElementParentNode: ["Document"],
  ParentNode: ["Element", "Document"],
  PopoverTargetAttributes: ["HTMLButtonElement"],
  SVGGraphicsElement: ["SVGGraphicsElement"],
  WindowEventHandlers: ["Window"],
  WindowLocalStorage: ["Window"],
  WindowOrWorkerGlobalScope: [""],
  GPUBindingCommandsMixin: ["GPUComputePassEncoder"],
  GPUObjectBase: ["GPUBuffer"],
  GPUPipelineBase: ["GPUComputePipeline"],
  GPURenderCommandsMixin: ["GPURenderPassEncoder"],
  HTMLCollectionBase: ["HTMLCollection"],
  ReadableStreamGenericReader: ["ReadableStreamDefaultReader"],
};

/** ES interfaces that go by another name in the data. */
const ES_NAMES = {
  ReadonlyArray: "Array",
  ReadonlyMap: "Map",
  ReadonlySet: "Set",
  PromiseLike: "Promise",
  CallableFunction: "Function",
  NewableFunction: "Function",
  IteratorObject: "Iterator",
  ArrayBufferLike: "ArrayBuffer",
};

const TYPED_ARRAY = /^(Big)?(Int|Uint|Float)\d+(Clamped)?Array$/;

/** The files' program; `extra`: sources by path that are in memory only, for tests. */
export function makeProgram(files, extra = new Map()) {
  const { config } = ts.readConfigFile(resolve(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  // Names that older libraries lack still resolve: they are what is looked for.
  const all = {
    ...options,
    lib: [
      "lib.esnext.d.ts",
      "lib.dom.d.ts",
      "lib.dom.iterable.d.ts",
      "lib.dom.asynciterable.d.ts",
      "lib.webworker.importscripts.d.ts",
    ],
  };
  const host = ts.createCompilerHost(all);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => extra.has(path) || fileExists(path);
  host.readFile = (path) => extra.get(path) ?? readFile(path);
  host.getSourceFile = (path, ...rest) =>
    extra.has(path)
      ? ts.createSourceFile(path, extra.get(path), ts.ScriptTarget.Latest, true)
      : getSourceFile(path, ...rest);
  return ts.createProgram([...files, ...extra.keys()], all, host);
}

/** `[{ paths, where }]`: each use of a feature; `paths` are the places where the data may speak of it. */
export function scriptFeatures(program, isWanted) {
  const checker = program.getTypeChecker();
  const found = [];
  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile || !isWanted(file.fileName)) continue;
    const note = (node, paths) => {
      if (paths.length === 0) return;
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      found.push({ paths, where: `${file.fileName}:${line + 1}` });
    };
    const visit = (node) => {
      if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
      if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node)) return;
      if (ts.isIdentifier(node)) for (const symbol of symbolsAt(checker, node)) note(node, pathsOf(symbol));
      if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
        const member = checker.getTypeAtLocation(node.expression).getProperty(node.argumentExpression.text);
        if (member) note(node, pathsOf(member));
      }
      for (const paths of specialUses(node, checker)) note(node, paths);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return found;
}

function symbolsAt(checker, node) {
  const { parent } = node;
  // `const { any } = AbortSignal` uses a member as much as `AbortSignal.any` does.
  if (ts.isBindingElement(parent) && ts.isObjectBindingPattern(parent.parent)) {
    const name = parent.propertyName ?? parent.name;
    if (name === node && ts.isIdentifier(name)) {
      const member = checker.getTypeAtLocation(parent.parent).getProperty(name.text);
      return member ? [member] : [];
    }
  }
  let symbol = checker.getSymbolAtLocation(node);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  // A member of several types at once is a symbol for each of them.
  return symbol === undefined
    ? []
    : (symbol.links?.containingType?.types ?? []).length > 0
      ? partsOf(symbol)
      : [symbol];
}

function partsOf(symbol) {
  const parts = symbol.links.containingType.types.map((type) => type.getProperty(symbol.name)).filter((part) => part);
  return parts.length > 0 ? parts : [symbol];
}

/** Where the data may speak of what a symbol of the platform's libraries names. */
function pathsOf(symbol) {
  const declarations = (symbol.declarations ?? []).filter((node) => isOfPlatform(node.getSourceFile().fileName));
  const [declaration] = declarations;
  if (declaration === undefined || symbol.flags & ts.SymbolFlags.TypeParameter) return [];
  const isEs = /lib\.(es|decorators)/.test(declaration.getSourceFile().fileName);
  const { parent } = declaration;
  const { name } = symbol;
  if (name.startsWith("__") || name === "prototype") return [];
  // TypeScript declares listeners anew with the events of each interface.
  if (/^(add|remove)EventListener$/.test(name)) return [`api.EventTarget.${name}`];
  if (ts.isInterfaceDeclaration(parent)) return memberPaths(parent, name, isEs);
  // `declare var AbortSignal: { prototype: AbortSignal; any(…): AbortSignal }`
  if (ts.isTypeLiteralNode(parent) && ts.isVariableDeclaration(parent.parent)) {
    const of = parent.parent.name.getText();
    return isEs ? [`javascript.builtins.${of}.${name}`] : [`api.${of}.${name}_static`];
  }
  if (name === "WebAssembly" && !isEs) return ["webassembly.api"];
  if (ts.isModuleBlock(parent)) return namespacePaths(parent.parent.name.getText(), name);
  if (!ts.isSourceFile(parent) && !ts.isVariableDeclarationList(parent)) return [];
  // A dictionary of options has no constructor: it is nothing that a browser has.
  if (
    !declarations.some(
      (node) => ts.isVariableDeclaration(node) || ts.isFunctionDeclaration(node) || ts.isModuleDeclaration(node),
    )
  )
    return [];
  return isEs
    ? [`javascript.builtins.${name}`, `api.${name}`]
    : [`api.${name}`, `api.Window.${name}`, `javascript.builtins.${name}`];
}

function namespacePaths(namespace, name) {
  if (namespace === "Intl") return [`javascript.builtins.Intl.${name}`];
  if (namespace === "WebAssembly") return [`webassembly.api.${name}`, `webassembly.api.${name}_static`];
  if (namespace === "CSS") return [`api.CSS.${name}_static`];
  return [];
}

function memberPaths(declaration, name, isEs) {
  const type = declaration.name.text;
  if (isEs) {
    const inIntl = ts.isModuleBlock(declaration.parent) && declaration.parent.parent.name.getText() === "Intl";
    const plain = type.replace(/Constructor$/, "");
    const own = [...(TYPED_ARRAY.test(plain) ? ["TypedArray"] : []), ES_NAMES[plain] ?? plain];
    // What has no place in the data is no built-in but the shape of an object: `ArrayLike`, `Intl.NumberFormatPart`.
    const places = own.map((one) => `javascript.builtins.${inIntl ? "Intl." : ""}${one}`).filter(isInData);
    return places.map((place) => `${place}.${name}`);
  }
  if (ts.isModuleBlock(declaration.parent) && declaration.parent.parent.name.getText() === "WebAssembly") {
    // What has no place in the data is as old as its interface.
    const own = `webassembly.api.${type}.${name}`;
    return [isInData(own) ? own : `webassembly.api.${type}`];
  }
  if (type === "CSSStyleProperties") {
    return [`css.properties.${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`];
  }
  if (type === "ImportMeta") return ["javascript.operators.import_meta"];
  const hosts =
    MIXINS[type] ?? (/^Canvas(?!RenderingContext|Gradient|Pattern)/.test(type) ? ["CanvasRenderingContext2D"] : [type]);
  // A listener that is a property is the event.
  const listener = /^on([a-z]+)$/.exec(name)?.[1];
  return hosts.flatMap((host) => {
    if (host === "") return [`api.${name}`];
    const inherited = host === "Element" ? [`api.Node.${name}`, `api.HTMLElement.${name}`] : [];
    return [`api.${host}.${name}`, ...(listener ? [`api.${host}.${listener}_event`] : []), ...inherited];
  });
}

function isOfPlatform(path) {
  return /\/typescript\/lib\/lib\.[^/]*\.d\.ts$|\/@webgpu\/types\//.test(path);
}

/** What types do not tell: options, regular expressions, events by name. */
function specialUses(node, checker) {
  const uses = [];
  if (ts.isRegularExpressionLiteral(node)) {
    if (/\(\?<[=!]/.test(node.text)) uses.push(["javascript.regular_expressions.lookbehind_assertion"]);
    const flags = node.text.slice(node.text.lastIndexOf("/") + 1);
    if (flags.includes("v")) uses.push(["javascript.builtins.RegExp.unicodeSets"]);
    if (flags.includes("d")) uses.push(["javascript.builtins.RegExp.hasIndices"]);
  }
  if (ts.isNewExpression(node) && node.expression.getText() === "Worker" && /type:\s*"module"/.test(node.getText())) {
    uses.push(["api.Worker.Worker.ecmascript_modules"]);
  }
  // The kernels of src/wasm are code of their own.
  if (ts.isCallExpression(node) && node.expression.getText() === "defineKernel") {
    uses.push(["webassembly.fixed-width-SIMD"], ["webassembly.bulk-memory-operations"]);
  }
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const method = node.expression.name.text;
    const [first] = node.arguments;
    const of = checker.getTypeAtLocation(node.expression.expression).symbol?.name;
    if (of && first && ts.isStringLiteralLike(first)) {
      if (method === "addEventListener") {
        const hosts = [of, "Element", "HTMLElement", "Document", "Window"];
        const events = hosts.map((host) => `api.${host}.${first.text}_event`);
        // A page's own events are in no browser's data.
        if (events.some((path) => supportOf(path))) uses.push(events);
      }
      if (method === "getContext") uses.push([`api.${of}.getContext.${first.text}_context`]);
    }
  }
  return uses;
}
