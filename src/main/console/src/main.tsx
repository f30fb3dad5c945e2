import { render } from "preact";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/pages.css";
import { App } from "./app";
import { captureLinks } from "./lib/router";
import { applyTheme } from "./ui/theme";

applyTheme();
captureLinks();
render(<App />, document.getElementById("app")!);
