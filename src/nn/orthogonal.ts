import { ShapeError } from "../core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";

/**
 * A random matrix of orthonormal columns (or rows, where there are fewer), times `gain`, under any shape of at least two
 * axes: all but the last are the rows (Saxe, McClelland and Ganguli 2014). Gram and Schmidt's process over normal vectors,
 * each made orthogonal twice, which keeps f64's precision ("twice is enough": Giraud et al. 2005). `normal(index)` draws.
 */
export function orthogonal(shape: Shape, gain: number, normal: (index: number) => number): Float32Array {
  const columns = shape[shape.length - 1];
  if (shape.length < 2 || columns === undefined) {
    throw new ShapeError(`initializer "orthogonal" wants at least two axes, not ${formatShape(shape)}.`);
  }
  const rows = sizeOf(shape) / columns;
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const basis: Float64Array[] = [];
  for (let index = 0; index < count; index++) {
    const vector = Float64Array.from({ length }, (_, i) => normal(index * length + i));
    for (let pass = 0; pass < 2; pass++) {
      for (const other of basis) {
        const along = dot(vector, other);
        for (let i = 0; i < length; i++) vector[i] = (vector[i] ?? 0) - along * (other[i] ?? 0);
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    basis.push(vector.map((value) => value / norm));
  }
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return gain * ((rows < columns ? basis[row]?.[column] : basis[column]?.[row]) ?? 0);
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
