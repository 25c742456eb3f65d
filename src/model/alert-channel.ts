/** Channels: where alerts are sent. Secrets go in and never come out; what is set is said by name. */

/** "none" is only taken without a password, or for this machine itself. */
export const MAIL_SECURITIES = ["starttls", "tls", "none"] as const;
export const MAIL_LOGINS = ["none", "plain", "login", "xoauth2"] as const;
export const WEBHOOK_FORMATS = ["json", "slack", "discord", "ntfy", "telegram"] as const;
export const SYSLOG_PROTOCOLS = ["local", "udp", "tcp", "tls"] as const;

export interface MailTarget {
  readonly kind: "mail";
  readonly host: string;
  readonly port: number;
  /** The certificate is verified in the first two. */
  readonly security: (typeof MAIL_SECURITIES)[number];
  readonly login: (typeof MAIL_LOGINS)[number];
  /** "" where login is "none". */
  readonly user: string;
  readonly from: string;
  readonly to: readonly string[];
  /** Absolute path of a PEM file with authorities to trust besides the system's; null: none. */
  readonly caFile: string | null;
  /** Of "xoauth2": https address where a refresh token becomes an access token; "": that of the provider. */
  readonly tokenUrl: string;
}

export interface WebhookTarget {
  readonly kind: "webhook";
  readonly format: (typeof WEBHOOK_FORMATS)[number];
  /** Chat of "telegram", topic of "ntfy" where the address has none; "" otherwise. */
  readonly recipient: string;
  /** Addresses of this machine and of private networks are refused without it. */
  readonly allowInternal: boolean;
}

export interface DesktopTarget {
  readonly kind: "desktop";
  /** Whose desktop; "": the daemon's user, of root's daemon whoever started it with sudo. Root alone has to say. */
  readonly user: string;
}

export interface SyslogTarget {
  readonly kind: "syslog";
  readonly protocol: (typeof SYSLOG_PROTOCOLS)[number];
  /** "" where protocol is "local". */
  readonly host: string;
  readonly port: number;
}

export interface CommandTarget {
  readonly kind: "command";
  /** Absolute path of the program and its arguments; never a shell's text. */
  readonly command: readonly string[];
  /** Whom it runs as; "": the daemon's user, of root's daemon "nobody". Others only as config.toml allows. */
  readonly user: string;
}

export type AlertTarget = MailTarget | WebhookTarget | DesktopTarget | SyslogTarget | CommandTarget;

/** Which secrets each kind can have. The address of a webhook is one: whoever knows it can send. */
export const SECRETS_OF_KIND = {
  mail: ["password", "clientId", "clientSecret", "refreshToken"],
  webhook: ["url", "signingKey", "token"],
  desktop: [],
  syslog: [],
  command: [],
} as const satisfies Record<AlertTarget["kind"], readonly string[]>;
export type AlertSecretName = (typeof SECRETS_OF_KIND)[AlertTarget["kind"]][number];

export interface AlertChannel {
  /** Letters, digits, "-", "_", "." and "@", 64 at most; rules name it. */
  readonly name: string;
  readonly enabled: boolean;
  readonly target: AlertTarget;
  /** The secrets that are set. */
  readonly secrets: readonly AlertSecretName[];
  /** What the last delivery or attempt came to, as a sentence; null: none yet. */
  readonly lastOutcome: string | null;
  readonly lastOutcomeAtMs: number | null;
  /** Messages that wait. */
  readonly waiting: number;
}

/** What sets a channel: one of that name is changed, else a new one made. */
export interface AlertChannelDraft {
  readonly name: string;
  readonly enabled?: boolean;
  readonly target: AlertTarget;
  /** Write-only. Those that are not given stay as they are; "" removes one. */
  readonly secrets?: Readonly<Partial<Record<AlertSecretName, string>>>;
}

/** What a test message came to. */
export interface AlertTest {
  readonly ok: boolean;
  /** A sentence: "Accepted by mail.example.org: 250 2.0.0 Ok: queued as 4F2". */
  readonly outcome: string;
  /** What to do; null where it worked. */
  readonly remedy: string | null;
  /** The conversation, without secrets. */
  readonly transcript: readonly string[];
  readonly tookMs: number;
}
