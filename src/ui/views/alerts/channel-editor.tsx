/** The editor of a place that alerts go to. */

import { useState } from "react";
import {
  type AlertChannel,
  type AlertSecretName,
  MAIL_LOGINS,
  MAIL_SECURITIES,
  SYSLOG_PROTOCOLS,
  WEBHOOK_FORMATS,
} from "../../../model/alert-channel.ts";
import { MAIL_PROVIDERS, providerOfHost } from "../../../model/mail-providers.ts";
import { Modal } from "../../parts/modal.tsx";
import { client } from "../../store/live.ts";
import {
  type ChannelForm,
  channelDraftOf,
  channelFormOf,
  EMPTY_CHANNEL,
  withProvider,
} from "./channel-form.ts";
import { Choice, Field } from "./field.tsx";

const KINDS = [
  ["mail", "mail"],
  ["webhook", "a webhook"],
  ["desktop", "notifications of the desktop"],
  ["syslog", "syslog"],
] as const;

export interface ChannelEditorProps {
  /** undefined: a new one. */
  readonly channel: AlertChannel | undefined;
  readonly onClose: () => void;
}

export function ChannelEditor({ channel, onClose }: ChannelEditorProps) {
  const [form, setForm] = useState(channel === undefined ? EMPTY_CHANNEL : channelFormOf(channel));
  const [failure, setFailure] = useState("");
  const change = (parts: Partial<ChannelForm>) => setForm((old) => ({ ...old, ...parts }));
  const props: FieldsProps = { form, change, isSet: (name) => channel?.secrets.includes(name) };
  const save = async () => {
    try {
      await client.setAlertChannel(channelDraftOf(form));
      onClose();
    } catch (cause) {
      setFailure(cause instanceof Error ? cause.message : String(cause));
    }
  };
  return (
    <Modal
      title={channel === undefined ? "New place" : `Change ${channel.name}`}
      onClose={onClose}
      className="wide"
    >
      <form
        className="editor"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {channel === undefined ? (
          <Choice
            label="Send alerts to"
            value={form.kind === "command" ? "mail" : form.kind}
            options={KINDS}
            onChange={(kind) => change({ kind })}
          />
        ) : null}
        {form.kind === "mail" ? <MailFields {...props} setForm={setForm} /> : null}
        {form.kind === "webhook" ? <WebhookFields {...props} /> : null}
        {form.kind === "desktop" ? (
          <Field
            label="User"
            placeholder="whose desktop"
            value={form.user}
            onChange={(user) => change({ user })}
          />
        ) : null}
        {form.kind === "syslog" ? <SyslogFields {...props} /> : null}
        {channel === undefined ? (
          <Field
            label="Name of this place"
            placeholder={channelDraftOf({ ...form, name: "" }).name}
            hint="rules and the command line call it so"
            value={form.name}
            onChange={(name) => change({ name })}
          />
        ) : null}
        {failure === "" ? null : (
          <p className="wrong" role="alert">
            {failure}
          </p>
        )}
        <div className="editor-foot">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary">
            {channel === undefined ? "Add" : "Save"}
          </button>
        </div>
      </form>
    </Modal>
  );
}

interface FieldsProps {
  readonly form: ChannelForm;
  readonly change: (parts: Partial<ChannelForm>) => void;
  readonly isSet: (name: AlertSecretName) => boolean | undefined;
}

function Secret({
  label,
  name,
  hint,
  form,
  change,
  isSet,
}: FieldsProps & {
  readonly label: string;
  readonly name: AlertSecretName;
  readonly hint?: string | undefined;
}) {
  return (
    <Field
      label={label}
      type="password"
      autoComplete="new-password"
      placeholder={isSet(name) === true ? "set; leave empty to keep it" : ""}
      hint={hint}
      value={form.secrets[name] ?? ""}
      onChange={(value) => change({ secrets: { ...form.secrets, [name]: value } })}
    />
  );
}

const SECURITY_WORDS = {
  tls: "TLS from the start",
  starttls: "STARTTLS",
  none: "none (only this computer)",
} as const;
const LOGIN_WORDS = {
  plain: "password (PLAIN)",
  login: "password (LOGIN)",
  xoauth2: "OAuth (XOAUTH2)",
  none: "none",
} as const;

function MailFields(
  props: FieldsProps & {
    readonly setForm: (change: (old: ChannelForm) => ChannelForm) => void;
  },
) {
  const { form, change, setForm } = props;
  const provider = providerOfHost(form.host);
  const isOAuth = form.login === "xoauth2";
  return (
    <>
      <Field
        label="From"
        type="email"
        placeholder="me@example.org"
        hint={provider === undefined ? undefined : `${provider.name}: the server is filled in`}
        value={form.from}
        onChange={(from) => setForm((old) => withProvider(old, from))}
      />
      <Field
        label="To"
        placeholder="several with commas"
        value={form.to}
        onChange={(to) => change({ to })}
      />
      <Field label="User" value={form.user} onChange={(user) => change({ user })} />
      {form.login === "none" || isOAuth ? null : (
        <Secret {...props} label="Password" name="password" hint={provider?.password} />
      )}
      {isOAuth ? (
        <>
          <Secret {...props} label="Client id" name="clientId" hint={provider?.password} />
          <Secret {...props} label="Client secret" name="clientSecret" />
          <Secret {...props} label="Refresh token" name="refreshToken" />
        </>
      ) : null}
      <details className="extras" open={form.host === "" && form.from !== ""}>
        <summary>Server{form.host === "" ? "" : `: ${form.host}, port ${form.port}`}</summary>
        <div className="pair">
          <Field
            label="Host"
            value={form.host}
            list={MAIL_PROVIDERS.map(({ host }) => host)}
            onChange={(host) => change({ host })}
          />
          <Field
            label="Port"
            type="number"
            value={form.port}
            onChange={(port) => change({ port })}
          />
        </div>
        <Choice
          label="Encryption"
          value={form.security}
          options={MAIL_SECURITIES.map((one) => [one, SECURITY_WORDS[one]] as const)}
          onChange={(security) => change({ security })}
        />
        <Choice
          label="Login"
          value={form.login}
          options={MAIL_LOGINS.map((one) => [one, LOGIN_WORDS[one]] as const)}
          onChange={(login) => change({ login })}
        />
        <Field
          label="Own certificate authority"
          placeholder="none"
          hint="path of a PEM file on the computer that runs Monitauri"
          value={form.caFile}
          onChange={(caFile) => change({ caFile })}
        />
      </details>
    </>
  );
}

function WebhookFields(props: FieldsProps) {
  const { form, change } = props;
  return (
    <>
      <Choice
        label="For"
        value={form.format}
        options={WEBHOOK_FORMATS.map(
          (one) => [one, one === "json" ? "any program (JSON)" : one] as const,
        )}
        onChange={(format) => change({ format })}
      />
      <Secret {...props} label="Address" name="url" hint="https://…; kept like a password" />
      {form.format === "json" ? (
        <Secret {...props} label="Signing key" name="signingKey" hint="optional" />
      ) : null}
      {form.format === "telegram" || form.format === "ntfy" ? (
        <>
          <Field
            label={form.format === "telegram" ? "Chat" : "Topic"}
            value={form.recipient}
            onChange={(recipient) => change({ recipient })}
          />
          <Secret {...props} label="Token" name="token" />
        </>
      ) : null}
      <label className="tick">
        <input
          type="checkbox"
          checked={form.allowInternal}
          onChange={({ currentTarget }) => change({ allowInternal: currentTarget.checked })}
        />
        it may be in this computer or the local network
      </label>
    </>
  );
}

function SyslogFields({ form, change }: FieldsProps) {
  return (
    <>
      <Choice
        label="Over"
        value={form.protocol}
        options={SYSLOG_PROTOCOLS.map(
          (one) => [one, one === "local" ? "this computer's own log" : one] as const,
        )}
        onChange={(protocol) => change({ protocol })}
      />
      {form.protocol === "local" ? null : (
        <div className="pair">
          <Field label="Host" value={form.host} onChange={(host) => change({ host })} />
          <Field
            label="Port"
            type="number"
            value={form.port}
            onChange={(port) => change({ port })}
          />
        </div>
      )}
    </>
  );
}
