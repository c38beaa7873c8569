/** What a prediction of independent classes ends in: a module that is fetched for it. */
export { sigmoid } from "../graph/ops/pointwise.ts";
