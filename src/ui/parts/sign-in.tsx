/** What stands instead of a view while the daemon does not know this browser. */

import { type FormEvent, useState } from "react";
import { codeIn } from "../session/session.ts";
import { enterCode } from "../store/live.ts";
import { Logo } from "./icons.tsx";

export function SignIn() {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const pasted = text.trim();
    const code = codeIn(pasted) ?? pasted;
    if (code === "") return setWrong("Paste the address or its code.");
    setWrong("");
    try {
      if (await enterCode(code)) return;
      setWrong("This code is used up or older than a minute. Make a new one: monitauri open");
    } catch {
      setWrong("The daemon does not answer. Is it running? monitauri status tells.");
    }
  };
  return (
    <main className="sign-in">
      <div className="card">
        <span className="brand">
          <Logo />
          <span>Monitauri</span>
        </span>
        <h1>This browser is not signed in</h1>
        <p>Only who may use this computer may see its traffic. In a terminal, run</p>
        <pre>monitauri open</pre>
        <p>and open the address that it prints, or paste it here. It works once, for a minute.</p>
        <form onSubmit={(event) => void submit(event)}>
          <input
            aria-label="Address or code"
            aria-describedby="sign-in-wrong"
            placeholder="http://127.0.0.1:8473/#code=…"
            value={text}
            spellCheck="false"
            autoComplete="off"
            onChange={({ target }) => setText(target.value)}
          />
          <button type="submit" className="primary">
            Sign in
          </button>
        </form>
        <p id="sign-in-wrong" className="wrong" role="alert">
          {wrong}
        </p>
      </div>
    </main>
  );
}
