import ts from "typescript";
import { oneMore, otherAxis, type Place, SWAPS } from "./mutant.ts";

/** A place, and the expression that is evaluated when the place is reached. */
export interface TypeScriptPlace extends Place {
  readonly probe: { readonly start: number; readonly end: number };
}

/**
 * Places of a TypeScript file that can be changed: not of comments, strings, types, imports, and not of what makes up an
 * error's message.
 */
export function typescriptPlaces(source: string): TypeScriptPlace[] {
  const file = ts.createSourceFile("file.ts", source, ts.ScriptTarget.Latest, true);
  const names = new Set<string>();
  const collect = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, collect);
  };
  collect(file);

  const places: TypeScriptPlace[] = [];
  const add = (probe: ts.Node, start: number, end: number, replacement: string, change: Place["change"]) =>
    places.push({ start, end, replacement, change, probe: { start: probe.getStart(file), end: probe.end } });
  const addInverted = (condition: ts.Expression) => {
    const text = condition.getText(file);
    add(condition, condition.getStart(file), condition.end, `!(${text})`, "inverted check");
  };

  const visit = (node: ts.Node): void => {
    if (isOutside(node)) return;
    if (ts.isBinaryExpression(node)) {
      const { left, operatorToken: operator, right } = node;
      const swap = SWAPS[operator.getText(file)];
      if (swap && !isText(left) && !isText(right)) {
        add(node, operator.getStart(file), operator.end, swap[0], swap[1]);
        if (/^[-+]$/.test(operator.getText(file))) add(node, left.end, node.end, "", "dropped term");
      }
    } else if (ts.isPrefixUnaryExpression(node)) {
      if (node.operator === ts.SyntaxKind.MinusToken) {
        add(node, node.getStart(file), node.operand.getStart(file), "", "sign");
      }
    } else if (ts.isElementAccessExpression(node) && !isText(node.argumentExpression)) {
      const { argumentExpression: index } = node;
      // A number by itself is a constant, which changes by one anyway.
      const shifts = ts.isNumericLiteral(index) ? [] : [" + 1", " - 1"];
      for (const shift of shifts) add(index, index.end, index.end, shift, "index");
    } else if (ts.isNumericLiteral(node)) {
      const more = oneMore(node.getText(file));
      const isKey = ts.isPropertyAssignment(node.parent) && node.parent.name === node;
      if (more !== undefined && !isKey && !ts.isEnumMember(node.parent)) {
        add(node, node.getStart(file), node.end, more, "constant");
      }
    } else if (ts.isPropertyAccessExpression(node) && node.expression.getText(file) === "Math") {
      const { name } = node;
      const partner = { min: "max", max: "min", floor: "ceil", ceil: "floor" }[name.text];
      const call = ts.isCallExpression(node.parent) && node.parent.expression === node ? node.parent : node;
      if (partner) add(call, name.getStart(file), name.end, partner, /^m/.test(name.text) ? "min/max" : "rounding");
    } else if (ts.isIdentifier(node)) {
      const other = otherAxis(node.text);
      const probe = readOf(node);
      if (other !== undefined && names.has(other) && probe) add(probe, node.getStart(file), node.end, other, "axis");
    }
    if (ts.isIfStatement(node)) addInverted(node.expression);
    if (ts.isConditionalExpression(node)) addInverted(node.condition);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return places;
}

/** Types, imports and what only ends up in messages. */
function isOutside(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return true;
  if (ts.isTemplateExpression(node) || ts.isThrowStatement(node)) return true;
  return ts.isNewExpression(node) && /Error$/.test(node.expression.getText());
}

/** Whether an operand is a string: then `+` joins texts, and an index is a key. */
function isText(node: ts.Expression): boolean {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return true;
  return ts.isBinaryExpression(node) && (isText(node.left) || isText(node.right));
}

/** The expression that reads the name, if it is read there: `height`, `g.height`; not a declaration, a key, a target. */
function readOf(node: ts.Identifier): ts.Expression | undefined {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return isTarget(parent) ? undefined : parent;
  const isRead =
    (ts.isBinaryExpression(parent) && !isTarget(node)) ||
    (ts.isPropertyAssignment(parent) && parent.initializer === node) ||
    (ts.isVariableDeclaration(parent) && parent.initializer === node) ||
    (ts.isCallExpression(parent) && parent.expression !== node) ||
    (ts.isElementAccessExpression(parent) && parent.argumentExpression === node) ||
    ts.isArrayLiteralExpression(parent);
  return isRead && !isTarget(node) ? node : undefined;
}

/** Whether the expression is assigned to or called. */
function isTarget(node: ts.Expression): boolean {
  const { parent } = node;
  if (ts.isCallExpression(parent) && parent.expression === node) return true;
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) return true;
  if (ts.isArrayLiteralExpression(parent) && ts.isBinaryExpression(parent.parent)) return parent.parent.left === parent;
  return (
    ts.isBinaryExpression(parent) &&
    parent.left === node &&
    parent.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
    parent.operatorToken.kind <= ts.SyntaxKind.LastAssignment
  );
}
