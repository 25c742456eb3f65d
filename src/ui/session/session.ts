/** The right to ask: a one-time code from the address, exchanged for a token that this tab keeps. */

const TOKEN = "monitauri.token";
/** Longer codes are none of ours. */
const MAX_CODE_LENGTH = 200;

export function storedToken(): string | undefined {
  try {
    return sessionStorage.getItem(TOKEN) ?? undefined;
  } catch {
    return undefined;
  }
}

export function storeToken(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, token);
  } catch {
    // Without storage the token lives as long as the page.
  }
}

/** Takes the code out of the address at once, so that it stays in no history and in no copied link. */
export function takeCode(): string | undefined {
  const code = codeIn(location.hash);
  if (code !== undefined)
    history.replaceState(history.state, "", location.pathname + location.search);
  return code;
}

/** "#code=abc", a whole address, or the code alone, as people paste it. */
export function codeIn(text: string): string | undefined {
  const [, code = ""] = /(?:^|[#&])code=([^&\s]+)/.exec(text) ?? [];
  return code === "" || code.length > MAX_CODE_LENGTH ? undefined : decodeURIComponent(code);
}

/** @returns the token, or undefined where the code is used up or too old. @throws where nobody answers. */
export async function exchange(code: string): Promise<string | undefined> {
  const answer = await fetch("/api/v1/sessions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code }),
  });
  if (!answer.ok) return undefined;
  const { token } = (await answer.json()) as { token?: unknown };
  return typeof token === "string" ? token : undefined;
}
