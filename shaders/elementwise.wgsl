// output = operation(x), operation(x, y) or operation(x, y, z), one element or four a thread. Operands stretch by NumPy's
// broadcasting rule: a stretched axis has a stride of 0. kernels/elementwise.ts merges axes that are walked alike, so
// that equal shapes have one axis left, and a matrix with a row vector two.
#include linear_index

#if BITS
// Copies and choices move bits, whatever type they stand for; u32 too.
alias Scalar = u32;
alias Vector = vec4u;
#elif SIGNED
alias Scalar = i32;
alias Vector = vec4i;
#else
alias Scalar = f32;
alias Vector = vec4f;
#endif

#if VECTOR
alias Element = Vector;
#else
alias Element = Scalar;
#endif

// Comparisons give 1 or 0.
#if !COMPARISON
alias Result = Element;
#elif VECTOR
alias Result = vec4u;
#else
alias Result = u32;
#endif

// With X_IN_PLACE, Y_IN_PLACE or Z_IN_PLACE the output replaces that operand: each thread reads its elements before it writes them.
// An operand that stays the same along the innermost axis is read as a scalar and spread over the vector.
#if X_IN_PLACE
#elif X_SPREAD
@group(0) @binding(0) var<storage, read> x: array<Scalar>;
#else
@group(0) @binding(0) var<storage, read> x: array<Element>;
#endif
#if BINARY && !Y_IN_PLACE
#if Y_SPREAD
@group(0) @binding($(1 - X_IN_PLACE)) var<storage, read> y: array<Scalar>;
#else
@group(0) @binding($(1 - X_IN_PLACE)) var<storage, read> y: array<Element>;
#endif
#endif
#if TERNARY && !Z_IN_PLACE
#if Z_SPREAD
@group(0) @binding($(2 - X_IN_PLACE - Y_IN_PLACE)) var<storage, read> z: array<Scalar>;
#else
@group(0) @binding($(2 - X_IN_PLACE - Y_IN_PLACE)) var<storage, read> z: array<Element>;
#endif
#endif
@group(0) @binding($(1 + BINARY + TERNARY - X_IN_PLACE - Y_IN_PLACE - Z_IN_PLACE)) var<storage, read_write> output: array<Result>;

#if POW || POW_BASE_SLOPE || POW_EXPONENT_SLOPE
// base^exponent. WGSL's pow wants a base of at least 0; below it only whole exponents have a power, whose sign is that
// of the base where the exponent is odd. Others give what the logarithm gives: NaN, where the device has it.
fn raised(base: Element, exponent: Element) -> Element {
  let whole = exponent == floor(exponent);
  let magnitude = pow(select(base, abs(base), whole), exponent);
  let odd = abs(exponent - 2.0 * floor(exponent * 0.5)) == Element(1.0);
  let signed = select(magnitude, -magnitude, whole & odd & (base < Element(0.0)));
  return select(signed, Element(1.0), exponent == Element(0.0));
}
#endif

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SIZE) { return; }

#if X_DENSE
  let xIndex = index;
#else
  var xIndex = 0u;
#endif
#if !BINARY || Y_DENSE
  let yIndex = index;
#else
  var yIndex = 0u;
#endif
#if TERNARY && !Z_DENSE
  var zIndex = 0u;
#else
  let zIndex = index;
#endif
#if !X_DENSE || (BINARY && !Y_DENSE) || (TERNARY && !Z_DENSE)
  var rest = index;
#unroll axis 0 RANK
  let coordinate_$(axis) = rest / OUTPUT_STRIDES[$(axis)];
  rest -= coordinate_$(axis) * OUTPUT_STRIDES[$(axis)];
#if !X_DENSE
  xIndex += coordinate_$(axis) * X_STRIDES[$(axis)];
#endif
#if BINARY && !Y_DENSE
  yIndex += coordinate_$(axis) * Y_STRIDES[$(axis)];
#endif
#if TERNARY && !Z_DENSE
  zIndex += coordinate_$(axis) * Z_STRIDES[$(axis)];
#endif
#end
#endif

#if X_IN_PLACE
  let left = output[index];
#else
  let left = Element(x[xIndex]);
#endif
#if Y_IN_PLACE
  let right = output[index];
#elif BINARY
  let right = Element(y[yIndex]);
#endif
#if Z_IN_PLACE
  let third = output[index];
#elif TERNARY
  let third = Element(z[zIndex]);
#endif

#if ADD
  output[index] = left + right;
#elif SUB
  output[index] = left - right;
#elif MUL
  output[index] = left * right;
#elif DIV
  output[index] = left / right;
#elif RELU_GRADIENT
  // x is the result of ReLU, y the gradient that arrives there; at exactly 0 nothing passes.
  output[index] = select(Element(0.0), right, left > Element(0.0));
#elif EXP
  output[index] = exp(left);
#elif LOG
  output[index] = log(left);
#elif NEG
  output[index] = -left;
#elif SQRT
  output[index] = sqrt(left);
#elif MINIMUM
  output[index] = min(left, right);
#elif MAXIMUM
  output[index] = max(left, right);
#elif PRELU
  output[index] = select(left, right * left, left < Element(0.0));
#elif PRELU_SLOPE
  output[index] = select(right, Element(1.0), left > Element(0.0));
#elif POW
  output[index] = raised(left, right);
#elif POW_BASE_SLOPE
  output[index] = select(right * raised(left, right - 1.0), Element(0.0), right == Element(0.0));
#elif POW_EXPONENT_SLOPE
  let nothing = (left == Element(0.0)) & (right >= Element(0.0));
  output[index] = select(raised(left, right) * log(left), Element(0.0), nothing);
#elif EQUAL
  output[index] = Result(left == right);
#elif LESS
  output[index] = Result(left < right);
#elif LESS_OR_EQUAL
  output[index] = Result(left <= right);
#elif WHERE
  output[index] = select(third, right, left != Element(0u));
#elif RELU
  output[index] = max(left, Element(0.0));
#else
  output[index] = left;
#endif
}
