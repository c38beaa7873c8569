// matmul_operand.wgsl where HALF_{NAME} may say that the operand is stored as 16-bit floats, four to a vec2u or two to a u32.
#if VECTOR_{NAME} && HALF_{NAME}
alias Stored{Name} = vec2u;
#elif VECTOR_{NAME}
alias Stored{Name} = vec4f;
#elif HALF_{NAME}
alias Stored{Name} = u32;
#else
alias Stored{Name} = f32;
#endif
#if FIXED_LENGTHS
var<storage> {name}: array<Stored{Name}, $({NAME}_LENGTH / (1 + HALF_{NAME} * !VECTOR_{NAME}))>;
#else
var<storage> {name}: array<Stored{Name}>;
#endif

#if HALF_{NAME} && VECTOR_{NAME}
fn element{Name}(index: u32) -> vec4f {
  return unpackHalves({name}[index]);
}
#elif HALF_{NAME}
fn element{Name}(index: u32) -> f32 {
  return unpackHalf({name}[index / 2u], index);
}
#else
fn element{Name}(index: u32) -> Stored{Name} {
  return {name}[index];
}
#endif
