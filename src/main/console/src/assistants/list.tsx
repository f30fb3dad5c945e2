import { all } from "../lib/api";
import { oneLine, plural } from "../lib/format";
import { useLoad, useTitle } from "../lib/hooks";
import { page } from "../lib/router";
import type { Assistant } from "../lib/types";
import { useScope } from "../session";
import { Empty, ErrorNote, LinkButton, PageHead, Skeleton, Time } from "../ui/ui";

export function AssistantsPage() {
  useTitle("Assistants");
  const mayManage = useScope("manage");
  const assistants = useLoad(() => all<Assistant>("/v1/assistants", {}, 1_000), []);
  const create = mayManage && <LinkButton to={page(["assistants", "new"])} kind="primary" icon="plus">New assistant</LinkButton>;
  return (
    <div class="page">
      <PageHead title="Assistants">{create}</PageHead>
      <ErrorNote error={assistants.error} retry={assistants.reload} />
      {!assistants.data ? (
        !assistants.error && <Skeleton rows={6} />
      ) : assistants.data.length === 0 ? (
        <Empty icon="assistants" title="No assistants yet" action={create}>
          An assistant is a model with instructions and tools. Create one, try it in the playground, and run it on a thread.
        </Empty>
      ) : (
        <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead><tr><th>Name</th><th>Model</th><th>Tools</th><th>Instructions</th><th class="num">Created</th></tr></thead>
            <tbody>
              {assistants.data.map((each) => (
                <tr>
                  <td><a href={page(["assistants", each.id])}><bdi>{oneLine(each.name || each.id, 60)}</bdi></a></td>
                  <td><bdi>{oneLine(each.model, 40)}</bdi></td>
                  <td>{each.tools.length ? plural(each.tools.length, "tool") : <span class="muted">none</span>}</td>
                  <td><bdi class="muted clamp">{oneLine(each.instructions ?? "", 120)}</bdi></td>
                  <td class="num"><Time at={each.created_at} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
