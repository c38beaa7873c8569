// base^exponent. WGSL's pow wants a base of at least 0, and finite numbers; below 0 only whole exponents have a power,
// whose sign is that of the base where the exponent is odd.
#include element_nan

fn power(base: Element, exponent: Element) -> Element {
  let zero = Element(0.0);
  let one = Element(1.0);
  let infinite = Element(floatOf(INFINITY_BITS));
  let magnitude = abs(base);
  let isEndless = (magnitude == infinite) | (abs(exponent) == infinite);
  let grows = (magnitude > one) == (exponent > zero);
  let endless = select(select(zero, infinite, grows), one, magnitude == one);
  let result = select(pow(magnitude, exponent), endless, isEndless | (magnitude == zero));
  let isWhole = exponent == floor(exponent);
  let isOdd = isWhole & (abs(exponent - 2.0 * floor(exponent * 0.5)) == one);
  let isBelow = (bitcast<ElementBits>(base) >> ElementBits(31u)) == ElementBits(1u);
  let signed = select(result, -result, isOdd & isBelow);
  let isNone = (base < zero) & (magnitude != infinite) & !isWhole;
  // −1 has no power of which nobody knows whether it is even.
  let isUnknown = (base == -one) & (abs(exponent) == infinite);
  let isOne = (exponent == zero) | (base == one);
  let isNotOne = !isOne | (elementIsNan(exponent) & !(base == one)) | (elementIsNan(base) & !(exponent == zero));
  let isNan = isNone | isUnknown | elementIsNan(base) | elementIsNan(exponent);
  return elementNanIf(isNan & isNotOne, select(signed, one, isOne));
}
