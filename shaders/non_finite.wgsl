// For each workgroup 1 where it found a float that is not finite, else 0. The workgroups walk over each source together.
#include not_finite

#unroll source 0 SOURCES
var<storage> source_$(source): array<u32>;
#end
var<storage> found: array<f32>;

var<workgroup> seen: atomic<u32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  var here = false;
#unroll source 0 SOURCES
  for (var index = workgroup.x * THREADS + thread; index < SIZES[$(source)]; index += WORKGROUPS * THREADS) {
    here |= notFinite(source_$(source)[index]);
  }
#end
  if (here) { atomicStore(&seen, 1u); }
  workgroupBarrier();
  if (thread == 0u) { found[workgroup.x] = f32(atomicLoad(&seen)); }
}
