// What an assistant was like after each change, beside the version before.
import { useMemo } from "preact/hooks";
import { all, post } from "../lib/api";
import { lineDiff } from "../lib/diff";
import { useAction, useLoad } from "../lib/hooks";
import { page } from "../lib/router";
import type { Assistant } from "../lib/types";
import { useScope } from "../session";
import { Badge, Button, Empty, ErrorNote, Skeleton, Time } from "../ui/ui";
import { bodyOf, draftOf } from "./draft";

interface Version {
  version: number;
  created_at: number;
  changed_by: string | null;
  assistant: Assistant;
}

/** The text of a version, a field a line, with instructions in lines of their own. */
function text(assistant: Assistant): string {
  const { instructions, id: _id, object: _object, created_at: _at, ...rest } = assistant;
  return `${JSON.stringify(rest, null, 2)}\n\ninstructions:\n${instructions ?? ""}`;
}

export function Versions({ assistant, version, onRestored }: { assistant: Assistant; version: string | null; onRestored: () => void }) {
  const mayManage = useScope("manage");
  const loaded = useLoad(() => all<Version>(`/v1/assistants/${assistant.id}/versions`), [assistant.id, assistant]);
  const versions = loaded.data;
  const shown = versions?.find((each) => String(each.version) === version) ?? versions?.[0];
  const before = shown && versions!.find((each) => each.version < shown.version);
  const lines = useMemo(() => (shown ? lineDiff(before ? text(before.assistant) : "", text(shown.assistant)) : []), [shown, before]);
  const restore = useAction(async () => {
    await post(`/v1/assistants/${assistant.id}`, bodyOf(draftOf(shown!.assistant)));
    onRestored();
    loaded.reload();
  });
  if (!versions) return loaded.error ? <ErrorNote error={loaded.error} retry={loaded.reload} /> : <Skeleton rows={5} />;
  if (!shown)
    return <Empty icon="assistants" title="No versions yet">The assistant has not been changed since versions are kept. Its next change makes the first two.</Empty>;
  return (
    <div class="split">
      <ol class="versions" aria-label="Versions of the assistant">
        {versions.map((each) => (
          <li>
            <a href={page(["assistants", assistant.id, "versions"], { version: String(each.version) })} aria-current={each === shown ? "true" : undefined}>
              <span><b>Version {each.version}</b>{each === versions[0] && <Badge>present</Badge>}</span>
              <span class="muted small-text"><Time at={each.created_at} relative />{each.changed_by && `, ${each.changed_by}`}</span>
            </a>
          </li>
        ))}
      </ol>
      <div>
        <div class="row wrap between">
          <span class="muted">{before ? `Changes since version ${before.version}` : "The first version that is kept"}</span>
          {mayManage && shown !== versions[0] && <Button small icon="retry" busy={restore.busy} onClick={restore.run}>Restore</Button>}
        </div>
        <ErrorNote error={restore.error} />
        <pre class="code lines tall" tabIndex={0} role="region" aria-label="Differences">
          {lines.map((line) => <div data-kind={line.kind}>{line.kind === "added" ? "+ " : line.kind === "removed" ? "− " : "  "}{line.text}</div>)}
        </pre>
      </div>
    </div>
  );
}
