// What the memory has extracted from messages, each with the messages that it comes from.
import { useState } from "preact/hooks";
import { all, del, post } from "../lib/api";
import { useAction, useLoad } from "../lib/hooks";
import { page } from "../lib/router";
import { Badge, Button, Confirm, Empty, ErrorNote, Skeleton, TextArea, Time } from "../ui/ui";

interface Fact {
  id: string;
  type: string;
  text: string;
  message_ids: string[];
  created_at: number;
  updated_at: number;
  superseded_by: string | null;
}

export function Facts({ thread, mayRun }: { thread: string; mayRun: boolean }) {
  const loaded = useLoad(() => all<Fact>(`/v1/threads/${thread}/memory/items`), [thread]);
  const [old, showOld] = useState(false);
  if (!loaded.data) return loaded.error ? <ErrorNote error={loaded.error} retry={loaded.reload} /> : <Skeleton rows={5} />;
  const corrected = loaded.data.filter((fact) => fact.superseded_by);
  const facts = old ? loaded.data : loaded.data.filter((fact) => !fact.superseded_by);
  if (!loaded.data.length)
    return (
      <Empty icon="memory" title="No facts were extracted">
        Facts, preferences and open questions are extracted for assistants whose memory has the summary method reflection.
      </Empty>
    );
  return (
    <>
      {corrected.length > 0 && (
        <label class="check"><input type="checkbox" checked={old} onChange={(event) => showOld(event.currentTarget.checked)} />Show {corrected.length} that were corrected later</label>
      )}
      <ul class="cards">
        {facts.map((fact) => <FactRow key={fact.id} fact={fact} thread={thread} mayRun={mayRun} onChange={loaded.reload} />)}
      </ul>
    </>
  );
}

function FactRow({ fact, thread, mayRun, onChange }: { fact: Fact; thread: string; mayRun: boolean; onChange: () => void }) {
  const [text, setText] = useState<string | null>(null);
  const path = `/v1/threads/${thread}/memory/items/${fact.id}`;
  const save = useAction(async () => {
    await post(path, { text });
    setText(null);
    onChange();
  });
  return (
    <li class="panel">
      <div class="row wrap between">
        <span class="row wrap"><Badge>{fact.type}</Badge>{fact.superseded_by && <Badge>corrected</Badge>}<span class="muted small-text"><Time at={fact.updated_at} relative /></span></span>
        {mayRun && !fact.superseded_by && text === null && (
          <span class="row">
            <Button small icon="edit" onClick={() => setText(fact.text)}>Edit</Button>
            <Confirm small icon="trash" question={`“${fact.text.slice(0, 200)}” is forgotten. The messages that it comes from stay.`} confirm="Forget" onConfirm={async () => { await del(path); onChange(); }}>Forget</Confirm>
          </span>
        )}
      </div>
      {text === null ? (
        <p dir="auto" class={fact.superseded_by ? "muted struck" : ""}>{fact.text}</p>
      ) : (
        <>
          <TextArea label="Text" rows={2} value={text} onValue={setText} />
          <ErrorNote error={save.error} />
          <div class="row end"><Button onClick={() => setText(null)}>Cancel</Button><Button kind="primary" busy={save.busy} disabled={!text.trim()} onClick={save.run}>Save</Button></div>
        </>
      )}
      <div class="small-text muted row wrap">
        {fact.message_ids.length ? "From" : "Its messages are gone"}
        {fact.message_ids.map((id, index) => <a href={page(["threads", thread], { message: id })}>message {index + 1}</a>)}
      </div>
    </li>
  );
}
