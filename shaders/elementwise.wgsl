// output = operation(x), operation(x, y) or operation(x, y, z), one element or four a thread. Operands stretch by NumPy's
// broadcasting rule: a stretched axis has a stride of 0. kernels/elementwise.ts merges axes that are walked alike, so
// that equal shapes have one axis left, and a matrix with a row vector two.
#include linear_index
#include half

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
var<storage> x: array<Scalar>;
#else
var<storage> x: array<StoredX>;
#endif
#if BINARY && !Y_IN_PLACE
#if Y_SPREAD
var<storage> y: array<Scalar>;
#else
var<storage> y: array<StoredY>;
#endif
#endif
#if TERNARY && !Z_IN_PLACE
#if Z_SPREAD
var<storage> z: array<Scalar>;
#else
var<storage> z: array<StoredZ>;
#endif
#endif
var<storage> output: array<StoredOutput>;

// HALF_…: that tensor is stored as 16-bit floats, four to a vec2u.
#if HALF_X
alias StoredX = vec2u;
fn xAt(place: u32) -> Element {
  return unpackHalves(x[place]);
}
#elif !X_IN_PLACE
alias StoredX = Element;
fn xAt(place: u32) -> Element {
  return Element(x[place]);
}
#endif
#if HALF_Y
alias StoredY = vec2u;
fn yAt(place: u32) -> Element {
  return unpackHalves(y[place]);
}
#elif BINARY && !Y_IN_PLACE
alias StoredY = Element;
fn yAt(place: u32) -> Element {
  return Element(y[place]);
}
#endif
#if HALF_Z
alias StoredZ = vec2u;
fn zAt(place: u32) -> Element {
  return unpackHalves(z[place]);
}
#elif TERNARY && !Z_IN_PLACE
alias StoredZ = Element;
fn zAt(place: u32) -> Element {
  return Element(z[place]);
}
#endif
#if HALF_OUTPUT
alias StoredOutput = vec2u;
fn outputAt(place: u32) -> Result {
  return unpackHalves(output[place]);
}
fn write(place: u32, value: Result) {
  output[place] = packHalves(value);
}
#else
alias StoredOutput = Result;
fn outputAt(place: u32) -> Result {
  return output[place];
}
fn write(place: u32, value: Result) {
  output[place] = value;
}
#endif

#if !BITS && !SIGNED && !COMPARISON
#include element_nan
#endif
#if IS_POW || IS_POW_BASE_DERIVATIVE || IS_POW_EXPONENT_DERIVATIVE
#include power
#endif

#if IS_LOG || IS_POW_EXPONENT_DERIVATIVE
// WGSL leaves open what the logarithm of anything but a finite number above 0 is.
fn logarithm(x: Element) -> Element {
  let infinite = Element(floatOf(INFINITY_BITS));
  let above = select(log(x), infinite, x == infinite);
  return elementNanIf(elementIsNan(x) | (x < Element(0.0)), select(above, -infinite, x == Element(0.0)));
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
  let left = outputAt(index);
#else
  let left = xAt(xIndex);
#endif
#if Y_IN_PLACE
  let right = outputAt(index);
#elif BINARY
  let right = yAt(yIndex);
#endif
#if Z_IN_PLACE
  let third = outputAt(index);
#elif TERNARY
  let third = zAt(zIndex);
#endif

#if IS_ADD
  write(index, left + right);
#elif IS_SUB
  write(index, left - right);
#elif IS_MUL
  write(index, left * right);
#elif IS_DIV
  write(index, left / right);
#elif IS_RELU_GRADIENT
  // x is the result of ReLU, y the gradient that arrives there; at exactly 0 nothing passes.
  write(index, select(Element(0.0), right, (left > Element(0.0)) | elementIsNan(left)));
#elif IS_EXP
  write(index, elementNanIf(elementIsNan(left), exp(left)));
#elif IS_LOG
  write(index, logarithm(left));
#elif IS_NEG
  write(index, -left);
#elif IS_SQRT
  write(index, elementNanIf(elementIsNan(left) | (left < Element(0.0)), sqrt(left)));
#elif IS_MINIMUM
  write(index, elementNanIf(elementIsNan(left) | elementIsNan(right), min(left, right)));
#elif IS_MAXIMUM
  write(index, elementNanIf(elementIsNan(left) | elementIsNan(right), max(left, right)));
#elif IS_PRELU
  write(index, select(left, right * left, left < Element(0.0)));
#elif IS_PRELU_DERIVATIVE
  write(index, select(right, Element(1.0), left > Element(0.0)));
#elif IS_POW
  write(index, power(left, right));
#elif IS_POW_BASE_DERIVATIVE
  write(index, select(right * power(left, right - 1.0), Element(0.0), right == Element(0.0)));
#elif IS_POW_EXPONENT_DERIVATIVE
  let nothing = (left == Element(0.0)) & (right >= Element(0.0));
  write(index, select(power(left, right) * logarithm(left), Element(0.0), nothing));
#elif IS_EQUAL
  write(index, Result(left == right));
#elif IS_LESS
  write(index, Result(left < right));
#elif IS_LESS_OR_EQUAL
  write(index, Result(left <= right));
#elif IS_WHERE
  write(index, select(third, right, left != Element(0u)));
#elif IS_RELU
  write(index, elementNanIf(elementIsNan(left), max(left, Element(0.0))));
#else
  write(index, left);
#endif
}
