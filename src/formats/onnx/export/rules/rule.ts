import type { OpAttributes, OpName } from "../../../../graph/op_names.ts";
import type { Value } from "../values.ts";
import type { Writing } from "../writing.ts";

/** What writes a node of the model: its value in the file. */
export type Rule<Name extends OpName> = (node: Writing, attributes: OpAttributes[Name]) => Value;

/** Rules by the names of their ops. */
export type Rules = { readonly [Name in OpName]?: Rule<Name> };
