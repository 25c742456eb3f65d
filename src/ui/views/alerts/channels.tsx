/** Where alerts go: each place with what its last message came to, and a real message to try it. */

import { useState } from "react";
import type { AlertChannel, AlertTest } from "../../../model/alert-channel.ts";
import { formatDuration } from "../../../model/format.ts";
import { momentText } from "../../look/quantity.ts";
import { alertsChanged, useAlertChanges } from "../../store/alerts.ts";
import { client } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { ChannelEditor } from "./channel-editor.tsx";
import { targetText } from "./channel-form.ts";
import { RemoveButton } from "./rules.tsx";

const CHANNELS_MS = 4_000;

export function Channels() {
  const change = useAlertChanges();
  const { data, error } = usePoll(`channels ${change}`, CHANNELS_MS, () => client.alertChannels());
  const [edited, setEdited] = useState<AlertChannel | "new">();
  const [failure, setFailure] = useState("");
  const act = async (action: Promise<unknown>) => {
    setFailure("");
    await action.catch((cause: Error) => setFailure(cause.message));
    alertsChanged();
  };
  return (
    <>
      <div className="above">
        <p className="lead">
          Mail, a webhook, the desktop or a log. Passwords never come back out.
        </p>
        <button type="button" className="primary" onClick={() => setEdited("new")}>
          New place
        </button>
      </div>
      <p className="wrong" role="alert">
        {failure === "" && error !== undefined ? error : failure}
      </p>
      {data?.length === 0 ? (
        <section className="card start">
          <p>Alerts stay on this page</p>
          <p className="next">Add a mail address, and try it with a real message.</p>
        </section>
      ) : null}
      {data === undefined || data.length === 0 ? null : (
        <ul className="card alert-rules">
          {data.map((channel) => (
            <ChannelRow
              key={channel.name}
              channel={channel}
              act={act}
              onEdit={() => setEdited(channel)}
            />
          ))}
        </ul>
      )}
      {edited === undefined ? null : (
        <ChannelEditor
          channel={edited === "new" ? undefined : edited}
          onClose={() => {
            setEdited(undefined);
            alertsChanged();
          }}
        />
      )}
    </>
  );
}

interface RowProps {
  readonly channel: AlertChannel;
  readonly act: (action: Promise<unknown>) => Promise<void>;
  readonly onEdit: () => void;
}

function ChannelRow({ channel, act, onEdit }: RowProps) {
  const { name, enabled, target, lastOutcome, lastOutcomeAtMs, waiting } = channel;
  const [tested, setTested] = useState<AlertTest | "running">();
  // Commands run as root's: the page shows them, and only the command line sets them.
  const isOurs = target.kind !== "command";
  const test = async () => {
    setTested("running");
    setTested(await client.testAlertChannel(name).catch(failedTest));
  };
  return (
    <li>
      <input
        type="checkbox"
        className="switch"
        role="switch"
        aria-label={`${name}: on`}
        checked={enabled}
        disabled={!isOurs}
        onChange={() => void act(client.setAlertChannel({ name, target, enabled: !enabled }))}
      />
      <div>
        <b className={enabled ? "" : "quiet"}>{name}</b>
        <p>
          <bdi>{targetText(target)}</bdi>
        </p>
        <p>
          {lastOutcome === null || lastOutcomeAtMs === null
            ? "nothing sent yet"
            : `${momentText(lastOutcomeAtMs, Date.now())}: ${lastOutcome}`}
          {waiting === 0 ? "" : ` · ${waiting} waiting`}
        </p>
        {tested === undefined ? null : <TestResult tested={tested} />}
      </div>
      <div className="row-tools">
        <button type="button" disabled={tested === "running"} onClick={() => void test()}>
          Send a test
        </button>
        {isOurs ? (
          <button type="button" onClick={onEdit}>
            Change
          </button>
        ) : null}
        <RemoveButton what={name} onRemove={() => void act(client.removeAlertChannel(name))} />
      </div>
    </li>
  );
}

function failedTest(cause: Error): AlertTest {
  return { ok: false, outcome: cause.message, remedy: null, transcript: [], tookMs: 0 };
}

function TestResult({ tested }: { readonly tested: AlertTest | "running" }) {
  if (tested === "running") {
    return (
      <p className="test" role="status">
        Sending …
      </p>
    );
  }
  const { ok, outcome, remedy, transcript, tookMs } = tested;
  return (
    <div className={ok ? "test ok" : "test failed"} role="status">
      <p>
        <b>{ok ? "It works." : "It does not work."}</b> {outcome}
        {tookMs > 0 ? ` (${formatDuration(tookMs)})` : ""}
      </p>
      {remedy === null ? null : <p>{remedy}</p>}
      {transcript.length === 0 ? null : (
        <details>
          <summary>What was said</summary>
          <pre>{transcript.join("\n")}</pre>
        </details>
      )}
    </div>
  );
}
