/** Mail servers of common providers, and which password they want: what a person would otherwise have to look up. */

import type { MAIL_LOGINS, MAIL_SECURITIES } from "./alert-channel.ts";

export interface MailProvider {
  /** As it is typed: "gmail". */
  readonly id: string;
  readonly name: string;
  /** Domains of its addresses; the provider of an address is found by them. */
  readonly domains: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly security: (typeof MAIL_SECURITIES)[number];
  readonly login: (typeof MAIL_LOGINS)[number];
  /** Where a refresh token becomes an access token; "": it has no XOAUTH2. */
  readonly tokenUrl: string;
  /** Which password it wants and where to get it, as a sentence. */
  readonly password: string;
}

const APP_PASSWORD = "an app password, not the one of the account";

export const MAIL_PROVIDERS: readonly MailProvider[] = [
  {
    id: "gmail",
    name: "Gmail",
    domains: ["gmail.com", "googlemail.com"],
    host: "smtp.gmail.com",
    port: 465,
    security: "tls",
    login: "plain",
    tokenUrl: "https://oauth2.googleapis.com/token",
    password: `${APP_PASSWORD}: turn on 2-step verification, then make one at myaccount.google.com/apppasswords`,
  },
  {
    id: "outlook",
    name: "Outlook.com and Hotmail",
    domains: ["outlook.com", "hotmail.com", "live.com", "msn.com"],
    host: "smtp-mail.outlook.com",
    port: 587,
    security: "starttls",
    login: "xoauth2",
    tokenUrl: "https://login.microsoftonline.com/consumers/oauth2/v2.0/token",
    password:
      "no password: Microsoft takes only OAuth here. Register an app, then give its client id and a refresh token with the scope SMTP.Send",
  },
  {
    id: "office365",
    name: "Microsoft 365",
    domains: [],
    host: "smtp.office365.com",
    port: 587,
    security: "starttls",
    login: "xoauth2",
    tokenUrl: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    password:
      "no password: register an app, then give its client id and a refresh token with the scope SMTP.Send; an administrator has to allow SMTP AUTH for the mailbox",
  },
  {
    id: "fastmail",
    name: "Fastmail",
    domains: ["fastmail.com", "fastmail.fm"],
    host: "smtp.fastmail.com",
    port: 465,
    security: "tls",
    login: "plain",
    tokenUrl: "",
    password: `${APP_PASSWORD}: Settings, Privacy & Security, App passwords, with access to SMTP`,
  },
  {
    id: "icloud",
    name: "iCloud",
    domains: ["icloud.com", "me.com", "mac.com"],
    host: "smtp.mail.me.com",
    port: 587,
    security: "starttls",
    login: "plain",
    tokenUrl: "",
    password: `an app-specific password, not the one of the account: account.apple.com, Sign-In and Security`,
  },
  {
    id: "yahoo",
    name: "Yahoo",
    domains: ["yahoo.com", "ymail.com", "yahoo.de", "yahoo.fr", "yahoo.co.uk", "yahoo.it"],
    host: "smtp.mail.yahoo.com",
    port: 465,
    security: "tls",
    login: "plain",
    tokenUrl: "",
    password: `${APP_PASSWORD}: Account Security, Generate app password`,
  },
  {
    id: "gmx",
    name: "GMX",
    domains: ["gmx.net", "gmx.de", "gmx.at", "gmx.ch"],
    host: "mail.gmx.net",
    port: 587,
    security: "starttls",
    login: "plain",
    tokenUrl: "",
    password:
      "the one of the account, after switching on POP3 and IMAP access in its settings; with 2-factor authentication an app password",
  },
  {
    id: "gmx.com",
    name: "GMX (international)",
    domains: ["gmx.com", "gmx.us", "gmx.co.uk"],
    host: "mail.gmx.com",
    port: 587,
    security: "starttls",
    login: "plain",
    tokenUrl: "",
    password: "the one of the account, after switching on POP3 and IMAP access in its settings",
  },
  {
    id: "web.de",
    name: "WEB.DE",
    domains: ["web.de", "email.de"],
    host: "smtp.web.de",
    port: 587,
    security: "starttls",
    login: "plain",
    tokenUrl: "",
    password:
      "the one of the account, after switching on POP3 and IMAP access in its settings; with 2-factor authentication an app password",
  },
  {
    id: "posteo",
    name: "Posteo",
    domains: ["posteo.de", "posteo.net", "posteo.org", "posteo.eu"],
    host: "posteo.de",
    port: 465,
    security: "tls",
    login: "plain",
    tokenUrl: "",
    password: "the one of the account; with additional mailbox protection an app password",
  },
  {
    id: "mailbox.org",
    name: "mailbox.org",
    domains: ["mailbox.org"],
    host: "smtp.mailbox.org",
    port: 465,
    security: "tls",
    login: "plain",
    tokenUrl: "",
    password: "the one of the account; with 2-factor authentication an app password for SMTP",
  },
  {
    id: "t-online",
    name: "Telekom",
    domains: ["t-online.de", "magenta.de"],
    host: "securesmtp.t-online.de",
    port: 465,
    security: "tls",
    login: "plain",
    tokenUrl: "",
    password:
      "the password for mail programs (e-mail password), which is set in the customer centre",
  },
  {
    id: "zoho",
    name: "Zoho Mail",
    domains: ["zoho.com", "zohomail.com"],
    host: "smtp.zoho.com",
    port: 465,
    security: "tls",
    login: "plain",
    tokenUrl: "",
    password:
      "the one of the account; with 2-factor authentication an application-specific password",
  },
  {
    id: "proton",
    name: "Proton Mail",
    domains: ["proton.me", "protonmail.com", "pm.me"],
    host: "smtp.protonmail.ch",
    port: 587,
    security: "starttls",
    login: "plain",
    tokenUrl: "",
    password: "an SMTP token, which Proton makes for addresses with a domain of your own",
  },
];

/** By its id or by the domain of an address; undefined: none of ours. */
export function findMailProvider(idOrAddress: string): MailProvider | undefined {
  const wanted = idOrAddress.trim().toLowerCase();
  const domain = wanted.slice(wanted.lastIndexOf("@") + 1);
  return MAIL_PROVIDERS.find(({ id, domains }) => id === wanted || domains.includes(domain));
}

/** The provider that runs a server; undefined: none of ours. */
export function providerOfHost(host: string): MailProvider | undefined {
  return MAIL_PROVIDERS.find((provider) => provider.host === host.toLowerCase());
}
