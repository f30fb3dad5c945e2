// Signing in: a key is exchanged for a cookie that scripts cannot read.
import { createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import { request } from "./lib/api";
import { useAction, useTitle } from "./lib/hooks";
import type { Project, Session } from "./lib/types";
import { Button, ErrorNote, TextField } from "./ui/ui";
import { ThemeToggle } from "./ui/theme";

export interface Context {
  session: Session;
  project: string;
  projects: Project[] | null;
  signOut: () => Promise<void>;
}

export const SessionContext = createContext<Context | null>(null);

export function useSession(): Context {
  const context = useContext(SessionContext);
  if (!context) throw new Error("outside of a session");
  return context;
}

/** Whether the session may do what needs this scope. */
export function useScope(scope: "read" | "run" | "manage" | "admin"): boolean {
  const { session } = useSession();
  return session.admin || session.scopes.includes(scope) || session.scopes.includes("admin");
}

export function SignIn({ onSignedIn, ended }: { onSignedIn: (session: Session) => void; ended: boolean }) {
  useTitle("Sign in");
  const [key, setKey] = useState("");
  const action = useAction(async () => {
    const response = await request("POST", "/v1/console_sessions", {
      headers: { Authorization: `Bearer ${key.trim()}` },
    });
    onSignedIn((await response.json()) as Session);
  });
  const submit = (event: Event) => {
    event.preventDefault();
    if (key.trim()) void action.run();
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <div class="brand big"><span class="mark" aria-hidden="true" />Threadmill</div>
        <h1 class="sr">Sign in to the console</h1>
        {ended && !action.error && <div class="note" role="status">The session has ended. Sign in again to go on.</div>}
        <TextField
          label="API key or admin key"
          type="password"
          value={key}
          onValue={setKey}
          autocomplete="off"
          placeholder="sk-…"
          required
          hint="The first start of the server prints two keys. A token of the identity provider works too, where one is configured."
        />
        <ErrorNote error={action.error} />
        <Button kind="primary" type="submit" busy={action.busy}>Sign in</Button>
      </form>
      <p class="muted small-text">The key is exchanged for a session of this browser and not kept in it.</p>
      <div class="corner"><ThemeToggle /></div>
    </main>
  );
}
