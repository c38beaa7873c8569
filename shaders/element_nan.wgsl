// The same for an `Element`: one float, or four.
#include nan

#if VECTOR
alias ElementBits = vec4u;
alias ElementFlags = vec4<bool>;
#else
alias ElementBits = u32;
alias ElementFlags = bool;
#endif

fn elementIsNan(x: Element) -> ElementFlags {
  return (bitcast<ElementBits>(x) & ElementBits(0x7fffffffu)) > ElementBits(0x7f800000u);
}

fn elementNanIf(isWanted: ElementFlags, value: Element) -> Element {
  return bitcast<Element>(select(bitcast<ElementBits>(value), ElementBits(0x7fc00000u), isWanted));
}
