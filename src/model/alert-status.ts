/** How alerts fare, in a few numbers: what `status` says of them. */

import type { AlertKind } from "./alert.ts";

/** Troubles that are said; there may be more rules with one. */
export const MAX_ALERT_TROUBLES = 10;
/** Of a sentence that another program had a part in. */
export const MAX_TROUBLE_LENGTH = 400;

/** Something that keeps alerts from working. */
export interface AlertTrouble {
  /** null: it is not about one rule. */
  readonly ruleId: string | null;
  /** A sentence, with what to do. */
  readonly text: string;
}

export interface DeliveryFailure {
  readonly channel: string;
  readonly atMs: number;
  readonly said: string;
  /** What to do; "" where nothing has to be done. */
  readonly remedy: string;
  /** A message was delivered since. */
  readonly isOver: boolean;
}

/** What is not told yet, because everything is new at first. */
export interface AlertLearning {
  readonly kind: AlertKind;
  /** In words: "new programs". */
  readonly what: string;
  readonly untilMs: number;
}

export interface AlertStatus {
  readonly rules: number;
  /** Switched on, not snoozed, and able to work. */
  readonly activeRules: number;
  /** Switched on, and kept from working. */
  readonly faultyRules: number;
  /** MAX_ALERT_TROUBLES at most. */
  readonly troubles: readonly AlertTrouble[];
  /** Of the kinds that there are rules for. */
  readonly learning: readonly AlertLearning[];
  /** Alerts that nobody has acknowledged. */
  readonly unread: number;
  readonly ongoing: number;
  /** Messages that wait, of all channels. */
  readonly waiting: number;
  /** The latest since the daemon started; null: none. */
  readonly lastFailure: DeliveryFailure | null;
}
