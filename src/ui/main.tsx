/** Starts the page. */

import { render } from "preact";
import { App } from "./app.tsx";
import { watchKeyboard } from "./parts/keyboard.ts";
import { fetchOtherViews } from "./parts/lazy-view.tsx";
import { connect } from "./store/live.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no place for its content");
render(<App />, root);
watchKeyboard();
void connect();
fetchOtherViews();
