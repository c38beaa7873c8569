// The tensor `{name}` as load.wgsl reads it: VECTOR_{NAME}, four channels at a time; GATHER_{NAME}, four values from places
// apart; else one value. Where it may be stored as 16-bit floats, half_loaded_tensor.wgsl is in the place of this.
#if VECTOR_{NAME}
alias Stored{Name} = vec4f;
#else
alias Stored{Name} = f32;
#endif
#if VECTOR_{NAME} || GATHER_{NAME}
alias Loaded{Name} = vec4f;
#else
alias Loaded{Name} = f32;
#endif

// Where the length of an array is not in its type, SwiftShader divides to find it at every load.
#if FIXED_LENGTHS
var<storage> {name}: array<Stored{Name}, $({NAME}_LENGTH)>;
#else
var<storage> {name}: array<Stored{Name}>;
#endif
