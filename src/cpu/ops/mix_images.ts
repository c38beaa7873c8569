import { at } from "../../core/at.ts";
import { drawMixed, mixingTable } from "../../core/mixing.ts";
import { type MixingPlanAttributes, mixImagesOp, mixingPlanOp, PLAN_COLUMNS } from "../../graph/ops/mix_images.ts";
import { defineCpuOp, read } from "../op.ts";

/** What may be drawn, by the attributes of a plan, which every step asks for. */
const tables = new WeakMap<object, Float32Array>();

function tableOf(attributes: MixingPlanAttributes): Float32Array {
  const table = tables.get(attributes) ?? mixingTable(attributes, attributes.height, attributes.width);
  tables.set(attributes, table);
  return table;
}

export const mixImagesOps = [
  defineCpuOp(mixingPlanOp, ({ attributes, input, output }) => {
    const { count, batch, height, width, seed } = attributes;
    const cursor = read(input("cursor"), 0);
    const table = tableOf(attributes);
    const first = (cursor % Math.ceil(count / batch)) * batch;
    const valid = Math.min(batch, count - first);
    for (let place = 0; place < batch; place++) {
      const { share, partner, top, bottom, left, right } =
        place < valid
          ? drawMixed(attributes, table, [height, width], { seed, batch: cursor, place, valid })
          : { share: 1, partner: -1, top: 0, bottom: 0, left: 0, right: 0 };
      output.set([share, partner, top, bottom, left, right], place * PLAN_COLUMNS);
    }
  }),
  defineCpuOp(mixImagesOp, ({ node, input, output }) => {
    const [images, plan] = [input("x"), input("plan")];
    const [batch, height, width, channels] = [0, 1, 2, 3].map((axis) => at(node.shape, axis)) as [
      number,
      number,
      number,
      number,
    ];
    const size = height * width * channels;
    for (let image = 0; image < batch; image++) {
      const column = (index: number) => read(plan, image * PLAN_COLUMNS + index);
      const [share, partner] = [column(0), column(1)];
      const [top, bottom, left, right] = [column(2), column(3), column(4), column(5)];
      const isCut = bottom > top && right > left;
      for (let element = 0; element < size; element++) {
        const row = Math.floor(element / (width * channels));
        const place = Math.floor(element / channels) % width;
        const own = read(images, image * size + element);
        // A partner without a share does no harm, not even an infinite one.
        const others = isCut ? row >= top && row < bottom && place >= left && place < right : share < 1;
        const other = others && partner >= 0 ? read(images, partner * size + element) : own;
        output[image * size + element] = isCut || !others ? other : share * own + (1 - share) * other;
      }
    }
  }),
];
