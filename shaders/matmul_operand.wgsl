// The operand `{name}` of a product, and element{Name}: an element of its buffer, a value or, with VECTOR_{NAME}, four. Where it
// may be stored as 16-bit floats, half_matmul_operand.wgsl is in the place of this.
#if VECTOR_{NAME}
alias Stored{Name} = vec4f;
#else
alias Stored{Name} = f32;
#endif
// Where the length of an array is not in its type, SwiftShader divides to find it at every load.
#if FIXED_LENGTHS
var<storage> {name}: array<Stored{Name}, $({NAME}_LENGTH)>;
#else
var<storage> {name}: array<Stored{Name}>;
#endif

fn element{Name}(index: u32) -> Stored{Name} {
  return {name}[index];
}
