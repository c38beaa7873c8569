import { permute, randomKey } from "../../core/random.ts";
import { batchRowsOp } from "../../graph/ops/batch_rows.ts";
import { defineCpuOp, read } from "../op.ts";

export const batchRowsOps = [
  defineCpuOp(batchRowsOp, ({ attributes: { count, batch, shuffle, seed }, input, output }) => {
    const cursor = read(input("cursor"), 0);
    const batches = Math.ceil(count / batch);
    const epoch = Math.floor(cursor / batches);
    const first = (cursor % batches) * batch;
    const key = randomKey(seed, epoch);
    for (let row = 0; row < batch; row++) {
      const position = first + row;
      output[row] = position >= count ? -1 : shuffle ? permute(key, position, count) : position;
    }
  }),
];
