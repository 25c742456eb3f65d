/** What alerts are quiet about as yet, in words. */

import type { AlertLearning } from "../model/alert-status.ts";
import { clock } from "./answer.ts";

export function learningWords({ what, untilMs }: AlertLearning): string {
  return `learning ${what} until ${clock(untilMs)}, quiet before`;
}
