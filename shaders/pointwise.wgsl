// output = f(x), or upstream · f'(x) (GRADIENT), for the functions of cpu/ops/pointwise.ts, one element or four a
// thread. A and B are the function's parameters. Exponentials are taken of what is below 0 alone, so that nothing
// overflows, and what cancels near 0 goes through polynomials of its own.
#include linear_index
#include half
#include element_nan

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

// HALF_…: that tensor is stored as 16-bit floats, four to a vec2u.
#include stored_tensor x
var<storage> x: array<StoredX>;
#if GRADIENT
#include stored_tensor upstream
var<storage> upstream: array<StoredUpstream>;
#endif
#include stored_tensor output
var<storage> output: array<StoredOutput>;

const ZERO = Element(0.0);
const ONE = Element(1.0);
const SQRT_HALF = 0.70710678;
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

// 1 / (1 + e^−x)
fn sigmoid(x: Element) -> Element {
  let e = exp(-abs(x));
  return select(ONE, e, x < ZERO) / (ONE + e);
}

// sigmoid(x) · (1 − sigmoid(x))
fn sigmoidDerivative(x: Element) -> Element {
  let e = exp(-abs(x));
  return e / ((ONE + e) * (ONE + e));
}

// Below 0.55 x·P(x²), a minimax fit that is off by 2^-30 of the result; above 1 − 2e/(1 + e) with e = e^−2|x|.
fn hyperbolicTangent(x: Element) -> Element {
  let s = x * x;
  let near = x * (1.0 + s * (-0.3333331 + s * (0.13332461 + s * (-0.053842708 + s * (0.021039676 + s * -0.0062355595)))));
  let e = exp(-2.0 * abs(x));
  let far = sign(x) * (ONE - 2.0 * e / (ONE + e));
  return select(far, near, abs(x) < Element(0.55));
}

// eˣ − 1 for x ≤ 0, as 2t / (1 − t) with t = tanh(x/2): accurate near 0 too.
fn exponentialMinusOne(x: Element) -> Element {
  let t = hyperbolicTangent(0.5 * x);
  return 2.0 * t / (ONE - t);
}

// log(1 + e) for 0 ≤ e ≤ 1, as 2 artanh(e / (2 + e)): its series ends before 2^-26 of the result. WGSL's own log may be
// off by 2^-21 near 1.
fn logOnePlus(e: Element) -> Element {
  let s = e / (2.0 + e);
  let q = s * s;
  return 2.0 * s * (1.0 + q * (0.33333333 + q * (0.2 + q * (0.14285714 + q * (0.11111111 + q * (0.09090909 + q * 0.07692308))))));
}

fn softplus(x: Element) -> Element {
  return max(x, ZERO) + logOnePlus(exp(-abs(x)));
}

// erfc(z) for z ≥ 0, as exp(−z²) · t · Q(t) with t = 1 / (1 + z/2): the form of Abramowitz and Stegun 7.1.26 (after
// Hastings 1955), with ten coefficients fitted here to 2^-25 of the result, which decays with it.
fn complementaryErrorTail(z: Element) -> Element {
  let t = ONE / (1.0 + 0.5 * z);
  let q = 0.2820645 + t * (0.28285703 + t * (0.23864499 + t * (0.22554107 + t * (-0.09831507 + t * (0.4212689
    + t * (-0.67001534 + t * (0.4289225 + t * (-0.12325197 + t * 0.012283337))))))));
  // Beyond 12 there is nothing left in f32.
  let inside = min(z, Element(12.0));
  return exp(-inside * inside) * t * q;
}

fn complementaryError(z: Element) -> Element {
  let tail = complementaryErrorTail(abs(z));
  return select(tail, 2.0 - tail, z < ZERO);
}

// Up to 1 z·P(z²), a minimax fit that is off by 2^-29 of the result; above 1 − erfc(|z|).
fn errorFunction(z: Element) -> Element {
  let s = z * z;
  let near = z * (1.1283792 + s * (-0.37612626 + s * (0.112835854 + s * (-0.026853813 + s * (0.0051883277
    + s * (-0.00080101937 + s * 0.00007853861))))));
  let far = sign(z) * (ONE - complementaryErrorTail(abs(z)));
  return select(far, near, abs(z) < ONE);
}

// The density of the standard normal.
fn normalDensity(x: Element) -> Element {
  let inside = min(abs(x), Element(16.0));
  return 0.3989422804 * exp(-0.5 * inside * inside);
}

// Twice the argument of tanh in gelu's approximation, and its derivative, for x that sigmoid still tells apart.
fn geluArgument(x: Element) -> Element {
  return 1.5957691216 * (x + 0.044715 * x * x * x);
}

fn geluArgumentDerivative(x: Element) -> Element {
  return 1.5957691216 * (1.0 + 0.134145 * x * x);
}

// tanh(softplus(x)) as a fraction with e = e^−|x|: (e² + 2e) / (e² + 2e + 2) below 0, both parts times e² above.
fn mishNumerator(x: Element, e: Element) -> Element {
  return select(ONE + 2.0 * e, e * (e + 2.0), x < ZERO);
}

fn mishRest(x: Element, e: Element) -> Element {
  return select(2.0 * e * e, Element(2.0), x < ZERO);
}

#if IS_POWER
#if !WHOLE
#include power
#endif

// base^exponent with a constant exponent: by multiplication where it is a whole number.
fn raised(base: Element, exponent: f32) -> Element {
#if WHOLE
  var result = ONE;
  var square = base;
  for (var rest = u32(abs(exponent)); rest > 0u; rest /= 2u) {
    if (rest % 2u == 1u) { result *= square; }
    square *= square;
  }
  return select(result, ONE / result, exponent < 0.0);
#else
  return power(base, Element(exponent));
#endif
}
#endif

fn value(x: Element) -> Element {
#if IS_ABS
  return abs(x);
#elif IS_CLIP
  return min(max(x, Element(A)), Element(B));
#elif IS_ELU
  return select(x, A * exponentialMinusOne(min(x, ZERO)), x < ZERO);
#elif IS_ERF
  return errorFunction(x);
#elif IS_GELU
  return 0.5 * x * complementaryError(-x * SQRT_HALF);
#elif IS_GELU_TANH
  return x * sigmoid(geluArgument(clamp(x, Element(-50.0), Element(50.0))));
#elif IS_HARD_SIGMOID
  return clamp(A * x + B, ZERO, ONE);
#elif IS_HARD_SWISH
  let curved = max(x, Element(-3.0)) * clamp(x + 3.0, ZERO, Element(6.0)) / 6.0;
  return select(curved, x, x >= Element(3.0));
#elif IS_LEAKY_RELU
  return select(x, A * x, x < ZERO);
#elif IS_MISH
  let e = exp(-abs(x));
  let numerator = mishNumerator(x, e);
  return x * numerator / (numerator + mishRest(x, e));
#elif IS_POWER
  return raised(x, A);
#elif IS_RELU6
  return clamp(x, ZERO, Element(6.0));
#elif IS_ROOT_OF_SQUARES
  return sqrt(x);
#elif IS_SELU
  return SELU_SCALE * select(x, SELU_ALPHA * exponentialMinusOne(min(x, ZERO)), x < ZERO);
#elif IS_SIGMOID
  return sigmoid(x);
#elif IS_SILU
  return x * sigmoid(x);
#elif IS_SOFTPLUS
  return softplus(x);
#elif IS_SOFTSIGN
  return x / (ONE + abs(x));
#elif IS_TANH
  return hyperbolicTangent(x);
#endif
}

fn derivative(x: Element) -> Element {
#if IS_ABS
  return sign(x);
#elif IS_CLIP
  return select(ZERO, ONE, (x >= Element(A)) & (x <= Element(B)));
#elif IS_ELU
  return select(A * exp(min(x, ZERO)), ONE, x > ZERO);
#elif IS_ERF
  let inside = min(abs(x), Element(12.0));
  return 1.1283791671 * exp(-inside * inside);
#elif IS_GELU
  return 0.5 * complementaryError(-x * SQRT_HALF) + clamp(x, Element(-16.0), Element(16.0)) * normalDensity(x);
#elif IS_GELU_TANH
  let inside = clamp(x, Element(-50.0), Element(50.0));
  let u = geluArgument(inside);
  return sigmoid(u) + inside * sigmoidDerivative(u) * geluArgumentDerivative(inside);
#elif IS_HARD_SIGMOID
  let y = A * x + B;
  return select(ZERO, Element(A), (y > ZERO) & (y < ONE));
#elif IS_HARD_SWISH
  return select(select(x / 3.0 + 0.5, ONE, x >= Element(3.0)), ZERO, x <= Element(-3.0));
#elif IS_LEAKY_RELU
  return select(Element(A), ONE, x > ZERO);
#elif IS_MISH
  let e = exp(-abs(x));
  let numerator = mishNumerator(x, e);
  let rest = mishRest(x, e);
  let whole = numerator + rest;
  let t = numerator / whole;
  // t + x · (1 − t²) · sigmoid(x), with 1 − t = rest / whole.
  // Far out the derivative has died away, in either direction.
  return t + clamp(x, Element(-120.0), Element(120.0)) * (rest / whole) * (ONE + t) * sigmoid(x);
#elif IS_POWER
  return select(A * raised(x, A - 1.0), ZERO, Element(A) == ZERO);
#elif IS_RELU6
  return select(ZERO, ONE, (x > ZERO) & (x < Element(6.0)));
#elif IS_ROOT_OF_SQUARES
  return select(0.5 / sqrt(x), ZERO, x == ZERO);
#elif IS_SELU
  return SELU_SCALE * select(SELU_ALPHA * exp(min(x, ZERO)), ONE, x > ZERO);
#elif IS_SIGMOID
  return sigmoidDerivative(x);
#elif IS_SILU
  return sigmoid(x) + clamp(x, Element(-120.0), Element(120.0)) * sigmoidDerivative(x);
#elif IS_SOFTPLUS
  return sigmoid(x);
#elif IS_SOFTSIGN
  let y = ONE / (ONE + abs(x));
  return y * y;
#elif IS_TANH
  return 4.0 * sigmoidDerivative(2.0 * x);
#endif
}

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SIZE) { return; }
  let own = loadX(x[index]);
#if GRADIENT
  let product = loadUpstream(upstream[index]) * derivative(own);
#if IS_CLIP || IS_HARD_SIGMOID || IS_LEAKY_RELU || IS_RELU6
  // Of straight pieces, which NaN lies beyond.
  let result = product;
#elif IS_POWER
  let result = elementNanIf(elementIsNan(own) & ElementFlags(A != 0.0 && A != 1.0), product);
#else
  let result = elementNanIf(elementIsNan(own), product);
#endif
#elif IS_POWER
  let result = elementNanIf(elementIsNan(own) & ElementFlags(A != 0.0), value(own));
#else
  let result = elementNanIf(elementIsNan(own), value(own));
#endif
  output[index] = storeOutput(result);
}
