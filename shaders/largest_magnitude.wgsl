// The largest magnitude of a tensor's values: the range of the colours that it is drawn in. One workgroup looks through
// all of them, so that no float needs an atomic; maps on a screen are small.
var<storage> values: array<f32>;
var<storage> largest: array<f32>;

var<workgroup> found: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var most = 0.0;
  for (var index = thread; index < SIZE; index += THREADS) {
    most = max(most, abs(values[index]));
  }
  found[thread] = most;
  workgroupBarrier();
  for (var reach = THREADS / 2u; reach > 0u; reach /= 2u) {
    if (thread < reach) {
      found[thread] = max(found[thread], found[thread + reach]);
    }
    workgroupBarrier();
  }
  if (thread == 0u) {
    largest[0] = found[0];
  }
}
