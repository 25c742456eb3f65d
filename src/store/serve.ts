/** The history thread's side: opens the store, writes ticks, answers questions. */

import type { MessagePort } from "node:worker_threads";
import { MonitauriError } from "../model/error.ts";
import type { FromHistory, HistoryQuestions, HistoryTopic, ToHistory } from "./messages.ts";
import type { HistoryStore } from "./open.ts";
import { parseVnstat } from "./vnstat.ts";

/** Serves until told to stop. */
export function serveHistory(port: MessagePort, { open }: { open(): HistoryStore }): void {
  const say = (message: FromHistory) => port.postMessage(message);
  let store: HistoryStore;
  try {
    store = open();
    say({ kind: "opened", state: store.state() });
  } catch (error) {
    say({ kind: "refused", ...refusalOf(error) });
    port.close();
    return;
  }
  const tellTrouble = troubleReporter(store, say);
  tellTrouble();
  port.on("message", (message: ToHistory) => {
    switch (message.kind) {
      case "tick":
        store.append(message.tick, message.lost);
        tellTrouble();
        say({ kind: "taken", atMs: message.tick.atMs });
        return;
      case "ask":
        say(answer(store, message));
        tellTrouble();
        return;
      case "stop":
        store.close();
        tellTrouble();
        port.close();
        return;
    }
  });
}

function answer(
  store: HistoryStore,
  { id, topic, what }: { id: number; topic: HistoryTopic; what: unknown },
): FromHistory {
  try {
    return { kind: "answer", id, value: ask(store, topic, what) };
  } catch (error) {
    return { kind: "refusal", id, ...refusalOf(error) };
  }
}

function ask(
  store: HistoryStore,
  topic: HistoryTopic,
  what: unknown,
): HistoryQuestions[HistoryTopic]["answer"] {
  switch (topic) {
    case "query":
      return store.query(what as HistoryQuestions["query"]["ask"]);
    case "meetings":
      return store.meetings(what as HistoryQuestions["meetings"]["ask"]);
    case "coverage":
      return store.coverage(what as HistoryQuestions["coverage"]["ask"]);
    case "exportPart": {
      const { query, cursor } = what as HistoryQuestions["exportPart"]["ask"];
      return store.exportPart(query, cursor);
    }
    case "importVnstat":
      return store.importDays(parseVnstat(what as HistoryQuestions["importVnstat"]["ask"]));
    case "changeSettings":
      return store.changeSettings(what as HistoryQuestions["changeSettings"]["ask"]);
    case "state":
      return store.state();
  }
}

function refusalOf(error: unknown): { code: MonitauriError["code"]; message: string } {
  const code = error instanceof MonitauriError ? error.code : "failed";
  return { code, message: error instanceof Error ? error.message : String(error) };
}

function troubleReporter(store: HistoryStore, say: (message: FromHistory) => void): () => void {
  let last = JSON.stringify({ warnings: [], lostTicks: 0 });
  return () => {
    const trouble = store.trouble();
    const text = JSON.stringify(trouble);
    if (text === last) return;
    last = text;
    say({ kind: "trouble", trouble });
  };
}
