/** Why a mail was not sent, in words and with what to do: pure. */

import type { MailTarget } from "../../model/alert-channel.ts";
import { providerOfHost } from "../../model/mail-providers.ts";
import type { MailFault } from "./mail-session.ts";
import type { SendOutcome, Trouble } from "./sender.ts";

/** What becomes of the message. `redact` takes secrets out of what the server said. */
export function explainMail(
  fault: MailFault,
  target: MailTarget,
  redact: (text: string) => string,
): Exclude<SendOutcome, { kind: "delivered" }> {
  const trouble = troubleOf(fault, target);
  const shown = { said: redact(trouble.said), remedy: redact(trouble.remedy) };
  if (isFinal(fault)) return { kind: "failed", trouble: shown };
  // After an answer that refuses, the message is certainly not there.
  const unknown = fault.stage === "content" && !/^[45]\d\d/.test(fault.answer);
  return { kind: "later", trouble: shown, unknown };
}

/** Trying the same message again would end the same. A wrong password, certificate or sender is no matter of the
 * message: it waits for a person to correct the channel. */
function isFinal({ stage, answer, code, deferred }: MailFault): boolean {
  if (code === "EMESSAGE" && answer === "") return true;
  if (deferred.length > 0 || !answer.startsWith("5")) return false;
  return stage === "content" || (stage === "envelope" && !isAboutSender(answer));
}

// The library says which command was answered only in its error's text.
function isAboutSender(answer: string): boolean {
  return (
    /^5(30|35|34|50[ -]5\.7\.1|53)\b/.test(answer) && /sender|from|authentic|log ?in/i.test(answer)
  );
}

function troubleOf(fault: MailFault, target: MailTarget): Trouble {
  switch (fault.stage) {
    case "connect":
      return connectTrouble(fault, target);
    case "greeting":
      return CERTIFICATE[fault.code]?.(target) ?? greetingTrouble(fault, target);
    case "login":
      return loginTrouble(fault, target);
    case "envelope":
    case "content":
      return messageTrouble(fault, target);
  }
}

function connectTrouble(
  { code, message }: MailFault,
  { host, port, security }: MailTarget,
): Trouble {
  const usual = security === "tls" ? 465 : 587;
  const otherPort = port === usual ? "" : `, or use port ${usual}`;
  switch (code) {
    case "ENOTFOUND":
      return {
        said: `there is no server named ${host}`,
        remedy: "correct the name of the mail server",
      };
    case "EAI_AGAIN":
      return {
        said: `the name ${host} cannot be looked up now`,
        remedy: "check that this computer is online and its name server answers; it is tried again",
      };
    case "ECONNREFUSED":
      return {
        said: `${host} refuses connections to port ${port}`,
        remedy: `check the port${otherPort}; some providers block port 25`,
      };
    case "ETIMEDOUT":
      return {
        said: `${host} does not answer on port ${port}`,
        remedy: `a firewall on the way may block it: try from another network${otherPort}`,
      };
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return {
        said: `there is no way to ${host}`,
        remedy: "check that this computer is online; it is tried again",
      };
    default:
      return { said: `cannot connect to ${host} port ${port}: ${message}`, remedy: AGAIN };
  }
}

const AGAIN = "it is tried again; if it stays so, test the channel";
const OWN_CA =
  "if it is your own server, give the certificate of its authority as the channel's CA file; otherwise somebody may be listening in: do not go on";

/** Codes of OpenSSL and Node (node:tls, "X509 certificate error codes"). */
const CERTIFICATE: Readonly<Record<string, ((target: MailTarget) => Trouble) | undefined>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: ({ host }) => ({
    said: `the certificate is not for ${host}`,
    remedy:
      "use the server's name as its certificate has it (the provider names it), not an address or an alias",
  }),
  CERT_HAS_EXPIRED: ({ host }) => ({
    said: `the certificate of ${host} has expired`,
    remedy: "whoever runs the server has to renew it; check this computer's clock too",
  }),
  CERT_NOT_YET_VALID: ({ host }) => ({
    said: `the certificate of ${host} is not valid yet`,
    remedy: "check this computer's clock",
  }),
  DEPTH_ZERO_SELF_SIGNED_CERT: ({ host }) => ({
    said: `the certificate of ${host} is signed by itself`,
    remedy: OWN_CA,
  }),
  SELF_SIGNED_CERT_IN_CHAIN: ({ host }) => ({
    said: `the certificate of ${host} comes from an authority that is not known here`,
    remedy: OWN_CA,
  }),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ({ host }) => ({
    said: `the certificate of ${host} comes from an authority that is not known here`,
    remedy: OWN_CA,
  }),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ({ host }) => ({
    said: `the certificate of ${host} comes from an authority that is not known here`,
    remedy: OWN_CA,
  }),
};

function greetingTrouble(fault: MailFault, { host, port, security }: MailTarget): Trouble {
  const { code, answer, message } = fault;
  const other = security === "tls" ? "starttls" : "tls";
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    return {
      said: `${host} does not begin with TLS on port ${port}`,
      remedy: 'use security "starttls" for this port, or port 465',
    };
  }
  if (security === "starttls" && (code === "ETLS" || /STARTTLS/i.test(message))) {
    return {
      said: `${host} offers no encryption on port ${port}: ${answer || message}`,
      remedy: 'use port 465 with security "tls"; without encryption nothing is sent',
    };
  }
  if (code.startsWith("ERR_SSL") || code === "EPROTO" || code === "ETLS") {
    return {
      said: `${host} and this computer find no common encryption: ${answer || message}`,
      remedy: `check port and security (${other} for another port); the server may be too old for TLS 1.2`,
    };
  }
  if (answer !== "") return { said: `${host} turned us away: ${answer}`, remedy: AGAIN };
  if (code === "ETIMEDOUT") {
    const hint =
      security === "tls"
        ? 'the port may want security "starttls"'
        : 'the port may want security "tls" (as 465 does)';
    return { said: `${host} took the connection and says nothing`, remedy: hint };
  }
  return { said: `${host} closed the connection before it was ready`, remedy: AGAIN };
}

function loginTrouble({ code, answer, message }: MailFault, target: MailTarget): Trouble {
  const { host, user, login, security } = target;
  if (code === "ENOLOGIN") {
    return {
      said: `${host} offers no login on this connection`,
      remedy:
        security === "none"
          ? 'use security "starttls" or "tls": servers take passwords only there'
          : 'choose login "none" where the server wants none, or another port',
    };
  }
  if (code === "ETOKEN") {
    return {
      said: `there is no access token for ${user}: ${message}`,
      remedy: "check client id and secret, and get a new refresh token",
    };
  }
  if (answer.startsWith("4"))
    return { said: `${host} cannot log us in now: ${answer}`, remedy: AGAIN };
  if (/^50[0-4]\b/.test(answer) || /mechanism/i.test(answer)) {
    return {
      said: `${host} does not know login ${login}: ${answer}`,
      remedy: 'choose another login: "plain", "login" or "xoauth2"',
    };
  }
  if (answer === "") {
    return { said: `${host} closed the connection during the login`, remedy: AGAIN };
  }
  const provider = providerOfHost(host);
  return {
    said: `${host} refused user and password of ${user}: ${answer}`,
    remedy:
      provider === undefined
        ? "check user and password; many providers want an app password"
        : `${provider.name} wants ${provider.password}`,
  };
}

function messageTrouble({ stage, code, answer, message }: MailFault, target: MailTarget): Trouble {
  const { host, from } = target;
  if (answer === "") {
    const what = code === "ETIMEDOUT" ? "says nothing more" : "closed the connection";
    if (code === "EMESSAGE")
      return { said: `${host} takes no message of this size`, remedy: AGAIN };
    return {
      said:
        stage === "content"
          ? `${host} ${what} after the message: it may have arrived`
          : `${host} ${what}: ${message}`,
      remedy: AGAIN,
    };
  }
  if (/^4(21|5[012])/.test(answer) && /grey|gray|later|try again/i.test(answer)) {
    return {
      said: `${host} wants it later: ${answer}`,
      remedy: "nothing: some servers make new senders wait (greylisting); it is tried again",
    };
  }
  if (answer.startsWith("4")) {
    const isRate = /rate|limit|quota|too many|exceed/i.test(answer);
    return {
      said: `${host} does not take it now: ${answer}`,
      remedy: isRate ? "nothing: the server limits how much is sent; it is tried again" : AGAIN,
    };
  }
  if (isAboutSender(answer)) {
    return {
      said: `${host} does not take mail from ${from}: ${answer}`,
      remedy: "use the address that belongs to the login as the sender, or log in",
    };
  }
  return {
    said: `${host} refused the message: ${answer}`,
    remedy:
      stage === "envelope" ? "check the recipients' addresses" : "ask whoever runs the server why",
  };
}
