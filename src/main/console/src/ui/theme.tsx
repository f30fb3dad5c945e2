// Light or dark: as the system has it, unless the user has chosen.
import { useState } from "preact/hooks";
import { Button } from "./ui";

const KEY = "threadmill-theme";
type Theme = "light" | "dark";

function chosen(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null;
  }
}

const shown = (): Theme => chosen() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

export function applyTheme(): void {
  const theme = chosen();
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

export function ThemeToggle() {
  const [theme, set] = useState(shown);
  const other: Theme = theme === "dark" ? "light" : "dark";
  const toggle = () => {
    try {
      localStorage.setItem(KEY, other);
    } catch {
      // A browser without storage keeps the choice until the page is left.
    }
    document.documentElement.dataset.theme = other;
    set(other);
    dispatchEvent(new Event("themechange"));
  };
  return <Button kind="quiet" icon={theme === "dark" ? "sun" : "moon"} label={`Use the ${other} theme`} onClick={toggle} />;
}
