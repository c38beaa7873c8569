import { elementwiseLowerings } from "../../kernels/elementwise.ts";
import { singleOps } from "../single_op.ts";

/** Kernels that go through tensors element by element. */
export const rules = singleOps(elementwiseLowerings);
