// What a question would bring back from the memory, with its scores.
import { useState } from "preact/hooks";
import { del, get, post, type Page } from "../lib/api";
import { useAction } from "../lib/hooks";
import { navigate, page } from "../lib/router";
import { useScope } from "../session";
import { Icon } from "../ui/icons";
import { Badge, Button, Confirm, Empty, ErrorNote, Select, Time } from "../ui/ui";

interface Passage {
  text: string;
  score: number;
  source: { type: string; id: string; thread_id: string };
  created_at: number;
}

/** A run is given at most this many passages, none below a twentieth of the best score or this one. */
const MOST = 8;
const SHARE = 1 / 20;
const LEAST = 0.001;

function verdict(passage: Passage, index: number, best: number): string | null {
  if (passage.score < LEAST) return `below ${LEAST}`;
  if (passage.score < best * SHARE) return "below a twentieth of the best score";
  if (index >= MOST) return `behind the first ${MOST}`;
  return null;
}

export function Recall({ thread, initial, user }: { thread: string; initial: string; user: string | null }) {
  const [text, setText] = useState(initial);
  const [scope, setScope] = useState("thread");
  const [found, setFound] = useState<Passage[] | null>(null);
  const [pending, setPending] = useState(0);
  const mayRun = useScope("run");
  const search = useAction(async () => {
    const passages = await post<Page<Passage>>(`/v1/threads/${thread}/memory/search`, { query: text, limit: 30, scope });
    setFound(passages.data);
    const memory = await get<{ pending: number }>(`/v1/threads/${thread}/memory`, { query: text, limit: 1 });
    setPending(memory.pending);
    navigate(page(["threads", thread, "memory", "recall"], { q: text }), true);
  });
  const forget = async (passage: Passage) => {
    await del(`/v1/threads/${passage.source.thread_id}/memory/items/${passage.source.id}`);
    setFound((old) => old?.filter((each) => each !== passage) ?? null);
  };
  const best = found?.[0]?.score ?? 0;
  return (
    <>
      <form class="row wrap search-form" onSubmit={(event) => { event.preventDefault(); if (text.trim()) void search.run(); }}>
        <label class="search grow"><span class="sr">Question</span><Icon name="search" /><input type="search" placeholder="What would be recalled for this question?" value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
        <Select inline label="Scope" value={scope} onValue={setScope} options={[["thread", "This thread"], ["assistant", "Its assistant"], ...(user ? ([["user", `User ${user}`]] as [string, string][]) : [])]} />
        <Button kind="primary" type="submit" busy={search.busy} disabled={!text.trim()}>Search</Button>
      </form>
      <ErrorNote error={search.error} />
      {pending > 0 && <div class="note"><Icon name="clock" /><span>{pending} messages have no vectors yet; they are found by their words.</span></div>}
      {!found ? (
        <Empty icon="search" title="Ask the memory">The passages that a run would be given for a question are shown with the likelihood that they answer it, and those that would be left out with the reason.</Empty>
      ) : found.length === 0 ? (
        <Empty icon="search" title="Nothing is recalled">No passage bears on this question. Messages are indexed a moment after they are written.</Empty>
      ) : (
        <ol class="cards">
          {found.map((passage, index) => {
            const lost = verdict(passage, index, best);
            return (
              <li class={`panel passage${lost ? " lost" : ""}`}>
                <div class="row wrap between">
                  <span class="row wrap">
                    <span class="meter" role="img" aria-label={`Score ${passage.score.toFixed(3)}`}><span style={{ width: `${Math.max(1, passage.score * 100)}%` }} /></span>
                    <span class="score">{passage.score.toFixed(4)}</span>
                    {lost ? <Badge title="A run would not be given this passage">left out: {lost}</Badge> : <Badge>recalled</Badge>}
                  </span>
                  <span class="row small-text">
                    <Badge>{passage.source.type}</Badge>
                    <span class="muted"><Time at={passage.created_at} relative /></span>
                    {passage.source.type === "message" && <a href={page(["threads", passage.source.thread_id], { message: passage.source.id })}>Open</a>}
                    {mayRun && (
                      <Confirm small icon="trash" question="This passage is not remembered any more. A message itself stays in its thread." confirm="Forget" onConfirm={() => forget(passage)}>Forget</Confirm>
                    )}
                  </span>
                </div>
                <p dir="auto" class="passage-text">{passage.text}</p>
              </li>
            );
          })}
        </ol>
      )}
    </>
  );
}
