// The same values as another type, one a thread. A word of a u8 tensor holds four of its values. A truth value is 1, or
// 0 where the value was 0; NaN is true, and 0 as a whole number.
#include linear_index
#if FROM_F32
#include nan
#endif

#if FROM_F32
alias Source = f32;
#elif FROM_I32
alias Source = i32;
#else
alias Source = u32;
#endif

#if TO_F32
alias Target = f32;
#elif TO_I32
alias Target = i32;
#else
alias Target = u32;
#endif

var<storage> input: array<Source>;
var<storage> output: array<Target>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SIZE) { return; }
#if FROM_U8
  let value = (input[index / 4u] >> (8u * (index % 4u))) & 255u;
#else
  let value = input[index];
#endif
#if TO_BOOL && FROM_F32
  output[index] = u32((bitcast<u32>(value) & 0x7fffffffu) != 0u);
#elif TO_BOOL
  output[index] = u32(value != Source(0));
#elif FROM_F32 && !TO_F32
  output[index] = select(Target(value), Target(0), isNan(value));
#else
  output[index] = Target(value);
#endif
}
