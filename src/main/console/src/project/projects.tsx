// All projects of the server, for admins.
import { useState } from "preact/hooks";
import { all, del, post } from "../lib/api";
import { useAction, useLoad, useTitle } from "../lib/hooks";
import { href } from "../lib/router";
import type { Project } from "../lib/types";
import { Badge, Button, Confirm, Copyable, Dialog, ErrorNote, PageHead, Skeleton, TextField, Time } from "../ui/ui";

export function ProjectsPage() {
  useTitle("Projects");
  const projects = useLoad(() => all<Project>("/v1/projects", {}, 1_000), []);
  const [creating, create] = useState(false);
  return (
    <div class="page">
      <PageHead title="Projects"><Button kind="primary" icon="plus" onClick={() => create(true)}>New project</Button></PageHead>
      <ErrorNote error={projects.error} retry={projects.reload} />
      {!projects.data ? !projects.error && <Skeleton rows={5} /> : (
        <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead><tr><th>Name</th><th>Id</th><th>Region</th><th>Created</th><th /></tr></thead>
            <tbody>
              {projects.data.map((project) => (
                <tr>
                  <td><a href={href(["p", project.id, "threads"])}><bdi>{project.name}</bdi></a>{project.description && <div class="small-text muted"><bdi>{project.description}</bdi></div>}</td>
                  <td><Copyable text={project.id} /></td>
                  <td>{project.region ? <Badge>{project.region}</Badge> : <span class="muted">any</span>}</td>
                  <td><Time at={project.created_at} /></td>
                  <td><span class="row end">
                    <a class="small-text" href={href(["p", project.id, "usage"])}>Usage</a>
                    <a class="small-text" href={href(["p", project.id, "keys"])}>Keys</a>
                    {project.id !== "proj_default" && <Confirm small question={`Keys of “${project.name}” stop working. Its data stays.`} confirm="Archive the project" onConfirm={async () => { await del(`/v1/projects/${project.id}`); projects.reload(); }}>Archive</Confirm>}
                  </span></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {creating && <CreateDialog onClose={() => create(false)} />}
    </div>
  );
}

function CreateDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [region, setRegion] = useState("");
  const create = useAction(async () => {
    const made = await post<Project>("/v1/projects", { name, ...(region.trim() ? { region: region.trim() } : {}) });
    // The list of projects is read when the console is loaded.
    window.location.assign(href(["p", made.id, "keys"]));
  });
  return (
    <Dialog title="New project" onClose={onClose}>
      <TextField label="Name" value={name} onValue={setName} required autocomplete="off" />
      <TextField label="Region" value={region} onValue={setRegion} hint="Where its data stays, such as eu; empty for anywhere." error={create.error?.param === "region" ? create.error.message : null} />
      <ErrorNote error={create.error} />
      <div class="row end"><Button kind="primary" busy={create.busy} disabled={!name.trim()} onClick={create.run}>Create</Button></div>
    </Dialog>
  );
}
