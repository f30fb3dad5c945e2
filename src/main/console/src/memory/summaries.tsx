// Versions of the summary, each beside the one before it.
import { useState } from "preact/hooks";
import { all, post } from "../lib/api";
import { wordDiff } from "../lib/diff";
import { useAction, useLoad } from "../lib/hooks";
import { page } from "../lib/router";
import { Badge, Button, Diff, Empty, ErrorNote, Skeleton, TextArea, Time } from "../ui/ui";

interface Summary {
  version: number;
  created_at: number;
  text: string;
  method: string;
  origin: string;
  written_by: string | null;
  covers_to: number;
}

const ORIGINS: Record<string, string> = {
  model: "written by a model",
  extract: "made of sentences of the thread",
  edit: "written by hand",
  restore: "restored",
};

export function Summaries({ thread, version, mayRun }: { thread: string; version: string | null; mayRun: boolean }) {
  const loaded = useLoad(() => all<Summary>(`/v1/threads/${thread}/memory/summaries`), [thread]);
  const [editing, setEditing] = useState<string | null>(null);
  const [compared, compare] = useState(true);
  const save = useAction(async () => {
    await post(`/v1/threads/${thread}/memory/summaries`, { text: editing });
    setEditing(null);
    loaded.reload();
  });
  const restore = useAction(async (number: number) => {
    await post(`/v1/threads/${thread}/memory/summaries/${number}/restore`);
    loaded.reload();
  });
  const summaries = loaded.data;
  if (!summaries) return loaded.error ? <ErrorNote error={loaded.error} retry={loaded.reload} /> : <Skeleton rows={4} />;
  const shown = summaries.find((each) => String(each.version) === version) ?? summaries[0];
  const editor = editing !== null && (
    <div class="panel">
      <TextArea label="Summary" rows={10} value={editing} onValue={setEditing} error={editing.length > 12_000 ? "At most 12,000 characters." : null} hint="It becomes the newest version, which the next summary starts from." />
      <ErrorNote error={save.error} />
      <div class="row end">
        <Button onClick={() => setEditing(null)}>Cancel</Button>
        <Button kind="primary" busy={save.busy} disabled={!editing.trim() || editing.length > 12_000} onClick={save.run}>Save as a new version</Button>
      </div>
    </div>
  );
  if (!shown)
    return editor || (
      <Empty icon="memory" title="The thread has no summary" action={mayRun && <Button icon="edit" onClick={() => setEditing("")}>Write one</Button>}>
        Summaries are made when messages leave the window of the model, for assistants that have a memory. You can also write one by hand.
      </Empty>
    );
  const before = summaries.find((each) => each.version < shown.version);
  return (
    <div class="split">
      <ol class="versions" aria-label="Versions of the summary">
        {summaries.map((each) => (
          <li>
            <a href={page(["threads", thread, "memory", "summaries"], { version: String(each.version) })} aria-current={each.version === shown.version ? "true" : undefined}>
              <span><b>Version {each.version}</b>{each === summaries[0] && <Badge>present</Badge>}</span>
              <span class="muted small-text"><Time at={each.created_at} relative />, {ORIGINS[each.origin] ?? each.origin}</span>
            </a>
          </li>
        ))}
      </ol>
      <div>
        <div class="row wrap between">
          <div class="muted small-text">
            {shown.method}{shown.written_by && <>, <bdi>{shown.written_by}</bdi></>}{shown.covers_to > 0 && <>, covers messages up to <Time at={shown.covers_to} /></>}
          </div>
          <div class="row">
            {before && <Button small pressed={compared} onClick={() => compare(!compared)}>Changes since version {before.version}</Button>}
            {mayRun && shown !== summaries[0] && <Button small icon="retry" busy={restore.busy} onClick={() => restore.run(shown.version)}>Restore</Button>}
            {mayRun && editing === null && <Button small icon="edit" onClick={() => setEditing(shown.text)}>Edit</Button>}
          </div>
        </div>
        <ErrorNote error={restore.error} />
        {editor || (
          <div class="panel reading">
            {before && compared ? <Diff parts={wordDiff(before.text, shown.text)} /> : <div class="diff" dir="auto">{shown.text}</div>}
          </div>
        )}
      </div>
    </div>
  );
}
