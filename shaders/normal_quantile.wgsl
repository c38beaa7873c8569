// The standard normal quantile (Wichura 1988, algorithm AS 241, PPND7), as core/gaussian_noise.ts has it.
fn normalQuantile(probability: f32) -> f32 {
  let q = probability - 0.5;
  if (abs(q) <= 0.425) {
    let r = 0.180625 - q * q;
    let above = ((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179;
    return q * above / (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
  }
  let r = sqrt(-log(min(probability, 1.0 - probability))) - 1.6;
  let above = ((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777;
  let size = above / ((0.12021132975 * r + 0.7370016425) * r + 1.0);
  return select(size, -size, q < 0.0);
}
