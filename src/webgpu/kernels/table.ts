import tableLoad from "../../../shaders/table_load.wgsl?raw";

/** What kernels that fetch rows of a table share: `load` of table_load.wgsl, with its constants. */
export function tableOf({ rowSize, dtype, scale }: { rowSize: number; dtype: "u8" | "f32" | "i32"; scale: number }) {
  const vector = rowSize % 4 === 0;
  /** Of a row, as the shader counts them: vectors of four where rows divide into them. */
  const elements = vector ? rowSize / 4 : rowSize;
  return {
    elements,
    includes: { table_load: tableLoad },
    constants: {
      ROW_SIZE: elements,
      BYTES: dtype === "u8",
      INTEGERS: dtype === "i32",
      VECTOR: vector,
      SCALE: { f32: scale },
    },
    variant: `${dtype}, ${vector ? "4 elements" : "1 element"} a thread`,
  };
}
