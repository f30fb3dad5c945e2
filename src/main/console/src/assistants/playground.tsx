// Tries an assistant at once, and an edited one beside it: both are sent the same messages.
import { useMemo, useRef, useState } from "preact/hooks";
import { post, type ApiError } from "../lib/api";
import { asApiError } from "../lib/hooks";
import { page } from "../lib/router";
import { readStream } from "../lib/sse";
import type { Assistant, Message, Thread } from "../lib/types";
import { applied, liveRun, type LiveRun } from "../threads/live";
import { MessageView } from "../threads/message";
import { StepsView } from "../threads/steps";
import { newestMessages } from "../threads/thread";
import { Button, Dialog, ErrorNote, Status } from "../ui/ui";
import { DraftFields } from "./assistant";
import { draftOf, errorsOf, overridesOf, type Draft } from "./draft";

interface Turn {
  user: string;
  live: LiveRun | null;
  error: ApiError | null;
}

interface Side {
  thread: string | null;
  turns: Turn[];
}

const EMPTY: Side = { thread: null, turns: [] };

export function Playground({ assistant, source }: { assistant: Assistant; source: string | null }) {
  const [draft, setDraft] = useState<Draft | null>(null);
  const [editing, edit] = useState(false);
  const [sides, setSides] = useState<[Side, Side]>([EMPTY, EMPTY]);
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [replay, setReplay] = useState(source ?? "");
  const [failure, setFailure] = useState<ApiError | null>(null);
  const stop = useRef<AbortController | null>(null);
  const threads = useRef<[string | null, string | null]>([null, null]);
  const errors = useMemo(() => (draft ? errorsOf(draft) : {}), [draft]);
  const isValid = Object.keys(errors).length === 0;

  const change = (side: 0 | 1, apply: (old: Side) => Side) =>
    setSides((old) => (side === 0 ? [apply(old[0]), old[1]] : [old[0], apply(old[1])]));

  /** Sends a message to one side and waits for the end of its run. */
  const say = async (side: 0 | 1, message: string, signal: AbortSignal) => {
    const setTurn = (apply: (turn: Turn) => Turn) =>
      change(side, (old) => ({ ...old, turns: old.turns.map((turn, index) => (index === old.turns.length - 1 ? apply(turn) : turn)) }));
    change(side, (old) => ({ ...old, turns: [...old.turns, { user: message, live: null, error: null }] }));
    try {
      threads.current[side] ??= (await post<Thread>("/v1/threads", { metadata: { source: "playground" } }, signal)).id;
      const thread = threads.current[side]!;
      change(side, (old) => ({ ...old, thread }));
      await post(`/v1/threads/${thread}/messages`, { role: "user", content: message }, signal);
      let live = liveRun("", thread);
      const overrides = side === 1 && draft ? overridesOf(draft) : {};
      await readStream(`/v1/threads/${thread}/runs`, { method: "POST", signal, body: { assistant_id: assistant.id, ...overrides, stream: true } }, (event) => {
        live = applied(live, event);
        setTurn((turn) => ({ ...turn, live }));
      });
    } catch (error) {
      if (!signal.aborted) setTurn((turn) => ({ ...turn, error: asApiError(error) }));
    }
  };

  const all = async (messages: string[]) => {
    stop.current = new AbortController();
    setBusy(true);
    const run = async (side: 0 | 1) => {
      for (const message of messages) if (!stop.current!.signal.aborted) await say(side, message, stop.current!.signal);
    };
    await Promise.all(draft ? [run(0), run(1)] : [run(0)]);
    setBusy(false);
  };

  const clear = () => {
    threads.current = [null, null];
    setSides([EMPTY, EMPTY]);
  };

  const startReplay = async () => {
    setFailure(null);
    try {
      const messages = await newestMessages(replay.trim());
      clear();
      await all(messages.filter((message) => message.role === "user").map((message) => message.content.map((part) => part.text?.value ?? "").join("\n")));
    } catch (error) {
      setFailure(asApiError(error));
      setBusy(false);
    }
  };

  return (
    <>
      <div class="row wrap playground-bar">
        {draft ? (
          <>
            <Button icon="edit" onClick={() => edit(true)}>Edit the right side</Button>
            <Button onClick={() => { setDraft(null); clear(); }}>One side</Button>
          </>
        ) : (
          <Button icon="fork" onClick={() => { setDraft(draftOf(assistant)); edit(true); clear(); }}>Compare with an edited assistant</Button>
        )}
        <form class="row grow" onSubmit={(event) => { event.preventDefault(); if (replay.trim() && !busy) void startReplay(); }}>
          <label class="grow"><span class="sr">Thread to replay</span><input type="search" placeholder="thread_… whose messages are sent again" value={replay} onInput={(event) => setReplay(event.currentTarget.value)} /></label>
          <Button type="submit" icon="retry" busy={busy} disabled={!replay.trim() || !isValid}>Replay</Button>
        </form>
        {busy ? <Button icon="stop" onClick={() => stop.current?.abort()}>Stop</Button> : <Button onClick={clear}>Clear</Button>}
      </div>
      <ErrorNote error={failure} />
      <div class={draft ? "compare" : ""}>
        <Column side={sides[0]} title="As it is saved" name={assistant.name || "Assistant"} />
        {draft && <Column side={sides[1]} title={`Edited: ${draft.model}`} name={draft.name || "Edited"} />}
      </div>
      <form class="composer" onSubmit={(event) => { event.preventDefault(); if (text.trim() && !busy) { void all([text]); setText(""); } }}>
        <div class="composer-box composer-row">
          <label class="sr" for="playground-text">Message</label>
          <textarea id="playground-text" rows={1} placeholder="Write a message" value={text} onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); event.currentTarget.form?.requestSubmit(); } }} />
          <Button kind="primary" icon="send" type="submit" busy={busy} disabled={!text.trim() || !isValid}>Send</Button>
        </div>
      </form>
      {editing && draft && (
        <Dialog title="The edited assistant" wide onClose={() => edit(false)}>
          <p class="muted">These settings are for this playground only. The assistant itself does not change.</p>
          <DraftFields assistant={assistant} draft={draft} set={(part) => setDraft({ ...draft, ...part })} error={(field) => errors[field]} />
          <div class="row end"><Button kind="primary" disabled={!isValid} onClick={() => edit(false)}>Done</Button></div>
        </Dialog>
      )}
    </>
  );
}

function Column({ side, title, name }: { side: Side; title: string; name: string }) {
  return (
    <section class="panel column" aria-label={title}>
      <header class="compare-head"><bdi>{title}</bdi>{side.thread && <a href={page(["threads", side.thread])}>Open as a thread</a>}</header>
      {side.turns.length === 0 && <p class="muted pad">Nothing was sent yet.</p>}
      {side.turns.map((turn) => (
        <>
          <article class="message user"><header><span class="author">User</span></header><div class="md-plain" dir="auto">{turn.user}</div></article>
          {turn.live && <Answer live={turn.live} name={name} />}
          <ErrorNote error={turn.error} />
        </>
      ))}
    </section>
  );
}

function Answer({ live, name }: { live: LiveRun; name: string }) {
  const steps = [...live.steps.values()].filter((step) => step.type === "tool_calls" || step.reasoning?.text);
  const messages: Message[] = [...live.messages.values()];
  return (
    <>
      {steps.length > 0 && <StepsView steps={steps} nested={live.nested} thread={live.threadId} />}
      {messages.map((message) => <MessageView message={message} author={name} />)}
      {live.run && live.run.status !== "completed" && <p><Status value={live.run.status} /> {live.run.last_error && <bdi>{live.run.last_error.message}</bdi>}</p>}
    </>
  );
}
