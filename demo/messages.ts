/**
 * Everything that the page says, in its two languages: one file a part of the page. In each, `es` has the type of `en`: a
 * missing sentence does not compile.
 */
import { drawMessages } from "./draw_messages.ts";
import { curvesMessages } from "./messages/curves.ts";
import { digitsMessages } from "./messages/digits.ts";
import { errorsMessages } from "./messages/errors.ts";
import { fieldMessages } from "./messages/fields.ts";
import { healthMessages } from "./messages/health.ts";
import { keepMessages } from "./messages/keep.ts";
import { mistakesMessages } from "./messages/mistakes.ts";
import { networkMessages } from "./messages/network.ts";
import { noticesMessages } from "./messages/notices.ts";
import { padMessages } from "./messages/pad.ts";
import { pageMessages } from "./messages/page.ts";
import { profileMessages } from "./messages/profile.ts";
import { runnerMessages } from "./messages/runner.ts";
import { stoppingMessages } from "./messages/stopping.ts";

export type Language = "en" | "es";

function sentences<Tongue extends Language>(tongue: Tongue) {
  return {
    ...pageMessages[tongue],
    ...runnerMessages[tongue],
    ...stoppingMessages[tongue],
    ...curvesMessages[tongue],
    ...padMessages[tongue],
    ...digitsMessages[tongue],
    ...mistakesMessages[tongue],
    ...networkMessages[tongue],
    ...profileMessages[tongue],
    ...noticesMessages[tongue],
    ...errorsMessages[tongue],
    ...drawMessages[tongue],
    ...keepMessages[tongue],
    ...fieldMessages[tongue],
    ...healthMessages[tongue],
  };
}

export type Messages = ReturnType<typeof sentences<"en">>;

export const messageTable: Readonly<Record<Language, Messages>> = { en: sentences("en"), es: sentences("es") };
