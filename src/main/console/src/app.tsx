// The frame around all pages: who is signed in, which project, and which page an address means.
import { useEffect, useState } from "preact/hooks";
import { all, ApiError, get, request, useProjectForRequests, whenSignedOut } from "./lib/api";
import { href, navigate, setCurrentProject, useLocation } from "./lib/router";
import type { Project, Session } from "./lib/types";
import { Nav } from "./nav";
import { ProjectPage } from "./pages";
import { SessionContext, SignIn } from "./session";
import { ErrorNote } from "./ui/ui";

type State =
  | { kind: "loading" }
  | { kind: "signed-out"; ended: boolean }
  | { kind: "signed-in"; session: Session; projects: Project[] | null }
  | { kind: "failed"; error: ApiError };

async function open(session: Session): Promise<State> {
  const projects = session.admin ? await all<Project>("/v1/projects", {}, 1_000) : null;
  return { kind: "signed-in", session, projects };
}

async function restore(): Promise<State> {
  try {
    return await open(await get<Session>("/v1/console_sessions/current"));
  } catch (error) {
    const failure = error as ApiError;
    return failure.status === 401 ? { kind: "signed-out", ended: false } : { kind: "failed", error: failure };
  }
}

export function App() {
  const [state, setState] = useState<State>({ kind: "loading" });
  const location = useLocation();
  useEffect(() => {
    void restore().then((first) => {
      setState(first);
      whenSignedOut(() => setState((now) => (now.kind === "signed-in" ? { kind: "signed-out", ended: true } : now)));
    });
  }, []);
  const named = location.path[0] === "p" ? location.path[1] : undefined;
  const signedIn = state.kind === "signed-in" ? state : null;
  const project = named ?? signedIn?.session.project_id;
  const isHome = signedIn !== null && !(named && location.path[2]);
  useEffect(() => {
    if (isHome && project) navigate(href(["p", project, "threads"]), true);
  }, [isHome, project]);

  if (state.kind === "loading") return <div class="boot" role="status" aria-label="Loading" />;
  if (state.kind === "failed") return <main class="sign-in"><ErrorNote error={state.error} retry={() => window.location.reload()} /></main>;
  if (state.kind === "signed-out")
    return <SignIn ended={state.ended} onSignedIn={(session) => void open(session).then(setState)} />;
  if (!project || isHome) return <div class="boot" />;

  useProjectForRequests(project);
  setCurrentProject(project);
  const signOut = async () => {
    try {
      await request("DELETE", "/v1/console_sessions/current");
    } finally {
      setState({ kind: "signed-out", ended: false });
    }
  };
  const [section, ...rest] = location.path.slice(2);
  return (
    <SessionContext.Provider value={{ session: state.session, project, projects: state.projects, signOut }}>
      <a class="skip" href="#main">Skip to the content</a>
      <div class="frame">
        <Nav section={section!} />
        <main id="main" tabIndex={-1} key={project}>
          <ProjectPage section={section!} path={rest} query={location.query} />
        </main>
      </div>
    </SessionContext.Provider>
  );
}
