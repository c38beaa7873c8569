/** Schedules of the learning rate where few have one: who makes a schedule brings along what it needs. */
import { Late } from "./late.ts";
import { constantRate, constantTable, type Schedule } from "./schedule.ts";

/** What reads schedules. Where one comes as plain data, it must be fetched first. */
export const scheduleRates = new Late("schedules of learning rates", () => import("./schedule_rates.ts"));

/** A learning rate or its schedule as the device reads it (schedule.ts). */
export function rateTable(learningRate: number | Schedule): number[] {
  return typeof learningRate === "number"
    ? constantTable(learningRate)
    : scheduleRates.part.scheduleTable(learningRate);
}

/** The learning rate of a table after `step` finished steps. */
export function rateOfTable(table: ArrayLike<number>, step: number): number {
  return constantRate(table) ?? scheduleRates.part.rateFromTable(table, step);
}
