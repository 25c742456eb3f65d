/** Starts the page. */

import "./locale-guard.ts";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { watchKeyboard } from "./parts/keyboard.ts";
import { connect } from "./store/live.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no place for its content");
createRoot(root).render(<App />);
watchKeyboard();
void connect();
