// The mail server of alerts-delivery.ts, in a thread of its own: TLS, a login, and every message is accepted.
import { parentPort, workerData } from "node:worker_threads";
import { secureServer } from "../test/fixtures/mail-sending.ts";

const server = await secureServer(workerData as { key: string; cert: string }, {
  onData(stream, _session, done) {
    stream.resume();
    stream.on("end", () => done(null, "Ok: queued"));
  },
});
parentPort?.postMessage(server.port);
