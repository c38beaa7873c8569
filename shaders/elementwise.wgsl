// output = operation(x) or operation(x, y), one element or four a thread. Operands stretch by NumPy's broadcasting
// rule: a stretched axis has a stride of 0. kernels/elementwise.ts merges axes that are walked alike, so that equal
// shapes have one axis left, and a matrix with a row vector two.
#include linear_index

#if BITS
// Copies move bits, whatever type they stand for.
alias Scalar = u32;
alias Vector = vec4u;
#else
alias Scalar = f32;
alias Vector = vec4f;
#endif

#if VECTOR
alias Element = Vector;
#else
alias Element = Scalar;
#endif

// With X_IN_PLACE or Y_IN_PLACE the output replaces that operand: each thread reads its elements before it writes them.
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
@group(0) @binding($(1 + BINARY - X_IN_PLACE - Y_IN_PLACE)) var<storage, read_write> output: array<Element>;

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
#if !X_DENSE || (BINARY && !Y_DENSE)
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
#elif RELU
  output[index] = max(left, Element(0.0));
#else
  output[index] = left;
#endif
}
