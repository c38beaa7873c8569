// Elements of a table, four at a time with VECTOR. Bytes (packed four to a u32) and floats come out as floats times
// SCALE, integers as they are.
#if VECTOR && INTEGERS
alias Element = vec4i;
#elif VECTOR
alias Element = vec4f;
#elif INTEGERS
alias Element = i32;
#else
alias Element = f32;
#endif

#if BYTES
var<storage> table: array<u32>;
#else
var<storage> table: array<Element>;
#endif

// `index` counts elements as they come out.
fn load(index: u32) -> Element {
#if BYTES && VECTOR
  let word = table[index];
  return vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(0xffu)) * SCALE;
#elif BYTES
  return f32((table[index / 4u] >> (8u * (index % 4u))) & 0xffu) * SCALE;
#elif INTEGERS
  return table[index];
#else
  return table[index] * SCALE;
#endif
}
