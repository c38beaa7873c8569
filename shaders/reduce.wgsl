// Sum, product, maximum or minimum over any set of axes. Each result is cut into SLICES partial ones, a thread each, whose values lie
// SLICES apart: neighbouring threads then read neighbouring memory. A later dispatch of this same kernel reduces the
// partial results; the order is fixed by the shapes, so that the same input always gives the same bits.
#include linear_index
#include half
#if !SUM && !PRODUCT
#include element_nan
#endif

// Four results side by side (KEPT_VECTOR), or four values of one result (REDUCED_VECTOR), are one vector.
#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif
#if KEPT_VECTOR
alias Result = vec4f;
#else
alias Result = f32;
#endif

#include element_at input
#if HALF_OUTPUT
var<storage> output: array<vec2u>;
#else
var<storage> output: array<Result>;
#endif

fn store(place: u32, result: Result) {
#if HALF_OUTPUT
  output[place] = packHalves(result);
#else
  output[place] = result;
#endif
}

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= RESULTS * SLICES) { return; }
#if SLICES_INNERMOST
  // The reduced axis is the innermost of the input: partial results are laid out [result, slice].
  let result = index / SLICES;
  let slice = index % SLICES;
#else
  let result = index % RESULTS;
  let slice = index / RESULTS;
#endif

  var rest = result;
  var base = 0u;
#unroll axis 0 KEPT_RANK
  let kept_$(axis) = rest / RESULT_STRIDES[$(axis)];
  rest -= kept_$(axis) * RESULT_STRIDES[$(axis)];
  base += kept_$(axis) * KEPT_STRIDES[$(axis)];
#end

#if SUM
  var total = Element(0.0);
#elif PRODUCT
  var total = Element(1.0);
#elif MINIMUM
  var total = Element(floatOf(INFINITY_BITS));
#else
  var total = Element(floatOf(MINUS_INFINITY_BITS));
#endif
#if !SUM && !PRODUCT
  var nan = ElementFlags(false);
#endif
  for (var step = 0u; step < STEPS; step++) {
    let position = step * SLICES + slice;
#if STEPS * SLICES > LENGTH
    if (position < LENGTH) {
#else
    {
#endif
      var remaining = position;
      var offset = base;
#unroll axis 0 REDUCED_RANK
      let reduced_$(axis) = remaining / POSITION_STRIDES[$(axis)];
      remaining -= reduced_$(axis) * POSITION_STRIDES[$(axis)];
      offset += reduced_$(axis) * REDUCED_STRIDES[$(axis)];
#end
#if SUM
      total += inputAt(offset);
#elif PRODUCT
      total *= inputAt(offset);
#else
      let value = inputAt(offset);
      nan = nan | elementIsNan(value);
#if MINIMUM
      total = min(total, value);
#else
      total = max(total, value);
#endif
#endif
    }
  }

#if !REDUCED_VECTOR && (SUM || PRODUCT)
  store(index, total);
#elif !REDUCED_VECTOR
  store(index, elementNanIf(nan, total));
#elif SUM
  store(index, (total.x + total.y) + (total.z + total.w));
#elif PRODUCT
  store(index, (total.x * total.y) * (total.z * total.w));
#elif MINIMUM
  store(index, nanIf(any(nan), min(min(total.x, total.y), min(total.z, total.w))));
#else
  store(index, nanIf(any(nan), max(max(total.x, total.y), max(total.z, total.w))));
#endif
}
