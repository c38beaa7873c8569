/** Everything that the page says, in Spanish. */
import type { messages as english, trainMessages as englishTrain } from "../en/index.ts";
import { curves } from "./curves.ts";
import { digits } from "./digits.ts";
import { draw } from "./draw.ts";
import { errors } from "./errors.ts";
import { fields } from "./fields.ts";
import { health } from "./health.ts";
import { keep } from "./keep.ts";
import { mistakes } from "./mistakes.ts";
import { network } from "./network.ts";
import { notices } from "./notices.ts";
import { pad } from "./pad.ts";
import { page } from "./page.ts";
import { profile } from "./profile.ts";
import { runner } from "./runner.ts";
import { runs } from "./runs.ts";
import { stage } from "./stage.ts";
import { stopping } from "./stopping.ts";
import { train } from "./train.ts";

export const messages: typeof english = {
  ...page,
  ...runner,
  ...stopping,
  ...curves,
  ...pad,
  ...digits,
  ...mistakes,
  ...network,
  ...profile,
  ...notices,
  ...errors,
  ...draw,
  ...keep,
  ...fields,
  ...health,
  ...stage,
};

/** What the view "Train" says beyond that. */
export const trainMessages: typeof englishTrain = { ...train, ...runs };
