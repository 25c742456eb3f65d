/** Remembers on which flows the programs of this machine asked a DNS server, so that nobody else can answer. */

import type { Observation } from "../model/observation.ts";
import {
  type DnsMessage,
  type DnsQuestion,
  parseDnsMessage,
  parseDnsStream,
} from "./dns-message.ts";
import { RecentMap } from "./recent-map.ts";

/** Flows remembered; the one used longest ago goes, and what it still gets is refused. */
export const QUERY_FLOW_LIMIT = 8192;

interface QueryFlow {
  readonly serial: number;
  /** The first query; undefined: something was received before anything was asked, so the other end is who asks. */
  readonly first: { readonly id: number; readonly question: DnsQuestion } | undefined;
}

const TCP = 6;

export class DnsQueries {
  readonly #flows = new RecentMap<Observation["index"], QueryFlow>(QUERY_FLOW_LIMIT);

  /** Takes in what a program sent to a DNS server, or what looks like one. */
  sent({ index, serial, protocol, bytes }: Observation): void {
    if (this.#flows.peek(index)?.serial === serial) return;
    // A stream may come in pieces: the length, then the query.
    const streamed = protocol === TCP ? parseDnsStream(bytes) : [];
    const query = [...streamed, parseDnsMessage(bytes)].find(isQuery);
    const [question] = query?.questions ?? [];
    if (query === undefined || question === undefined) return;
    this.#flows.set(index, { serial, first: { id: query.id, question } });
  }

  /** True where the message's flow began with a query from here. Of the later queries of a flow nothing is known; an
   * answer to the first one must repeat its question. */
  expects({ index, serial }: Observation, message: DnsMessage): boolean {
    const flow = this.#flows.get(index);
    if (flow === undefined || flow.serial !== serial) {
      // A service here may send back what it gets, and so seem to ask.
      this.#flows.set(index, { serial, first: undefined });
      return false;
    }
    if (flow.first?.id !== message.id) return flow.first !== undefined;
    const [question] = message.questions;
    const { name, type } = flow.first.question;
    return question !== undefined && question.name === name && question.type === type;
  }
}

function isQuery(message: DnsMessage | undefined): boolean {
  return message !== undefined && !message.isResponse && message.questions.length > 0;
}
