// Nothing but multiply-adds: what the device could do if every kernel were made of them. Sixteen chains that do not wait
// for each other, ROUNDS long; 2 · 16 · ROUNDS operations a thread.
@group(0) @binding(0) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u) {
  let start = f32(globalId.x % 7u);
  // Values unknown to the compiler, which keep every chain finite.
  let factor = 0.5 + 0.01 * start;
  let term = 0.25 + start;
#unroll chain 0 4
  var sum_$(chain) = vec4f(start, start + 1.0, start + 2.0, start + 3.0) + $(4 * chain).0;
#end
  for (var round = 0u; round < ROUNDS; round++) {
#unroll chain 0 4
    sum_$(chain) = sum_$(chain) * factor + vec4f(term);
#end
  }
  let total = sum_0 + sum_1 + sum_2 + sum_3;
  output[globalId.x] = total.x + total.y + total.z + total.w;
}
