/** A request function whose answers have no names of people and places, and whose questions may use what they have instead. */

import { MonitauriError } from "../model/error.ts";
import { cellsOf, type Redactor } from "../model/redact.ts";
import type { Answer, RequestFunction } from "./client.ts";

/** A line of an answer that comes as it is made. Longer than any that is sent. */
const MAX_LINE = 4_000_000;

export function redactedRequest(request: RequestFunction, redactor: Redactor): RequestFunction {
  return async (path, ask = {}) => {
    const [head = "", query] = path.split("?");
    const asked = query === undefined ? head : `${head}?${restoredQuery(query, redactor)}`;
    const body = ask.body === undefined ? undefined : restoredBody(ask.body, redactor);
    const answer = await request(asked, body === undefined ? ask : { ...ask, body });
    return redactedAnswer(answer, { path, redactor });
  };
}

interface Redaction {
  readonly path: string;
  readonly redactor: Redactor;
}

function redactedAnswer(answer: Answer, { path, redactor }: Redaction): Answer {
  return {
    status: answer.status,
    json: async () => redactor.answer(await answer.json(), path),
    async *pieces() {
      if (/parquet/.test(path)) throw new MonitauriError("unsupported", NO_PARQUET);
      let columns: readonly string[] | undefined;
      const isCsv = /[?&]format=csv/.test(path);
      for await (const line of linesOf(answer.pieces())) {
        const isTitle = isCsv && columns === undefined;
        if (isTitle) columns = cellsOf(line.trimEnd());
        yield encoder.encode(isTitle ? line : redactedLine(line, columns, redactor));
      }
    },
  };
}

/** A line of the live stream, of JSON or of CSV; with its end. */
function redactedLine(
  line: string,
  columns: readonly string[] | undefined,
  redactor: Redactor,
): string {
  const [, before = "", json] = /^(data: )?(\{.*\})\s*$/s.exec(line) ?? [];
  if (json === undefined) return redactor.line(line, columns);
  const end = line.slice(line.trimEnd().length);
  return `${before}${JSON.stringify(redactor.answer(JSON.parse(json) as unknown))}${end}`;
}

async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of pieces) {
    rest += decoder.decode(piece, { stream: true });
    const lines = rest.split(/(?<=\n)/);
    rest = lines.at(-1)?.endsWith("\n") ? "" : (lines.pop() ?? "");
    yield* lines;
    if (rest.length > MAX_LINE) throw new RangeError("The daemon sends a line without an end");
  }
  if (rest !== "") yield rest;
}

function restoredQuery(query: string, redactor: Redactor): string {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of [...parameters]) parameters.set(name, redactor.restore(value));
  return parameters.toString();
}

function restoredBody(body: unknown, redactor: Redactor): unknown {
  return JSON.parse(redactor.restore(JSON.stringify(body)));
}

const NO_PARQUET = "Cannot hide names in a Parquet file. Export CSV: --format csv --redact";
const encoder = new TextEncoder();
