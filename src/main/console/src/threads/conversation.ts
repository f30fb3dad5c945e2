// The messages and runs of a thread: the newest first, older ones when the reader comes to them, new ones as they happen.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, type ApiError, type Page } from "../lib/api";
import { asApiError } from "../lib/hooks";
import { projectId } from "../lib/router";
import { follow, type StreamEvent } from "../lib/sse";
import type { LogEvent, Message, Run } from "../lib/types";
import { applied, ENDED, liveRun, type LiveRun } from "./live";

const PAGE = 100;

/** A row of a conversation: a message, or a run before the messages that it has written. */
export type Row = { kind: "message"; id: string; message: Message } | { kind: "run"; id: string; run: Run | null; live: LiveRun | null };

export interface Conversation {
  rows: Row[];
  older: boolean;
  loading: boolean;
  error: ApiError | null;
  live: LiveRun | null;
  loadOlder: () => Promise<void>;
  reload: () => void;
  /** Follows a run that this page has started or resumed. */
  attach: (run: Run) => void;
  setMessages: (change: (messages: Message[]) => Message[]) => void;
  runs: Map<string, Run>;
}

const isAfter = (a: Message, b: Message) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1);

function merged(old: Message[], more: Message[]): Message[] {
  const known = new Map(old.map((message) => [message.id, message]));
  const fresh = more.filter((message) => !known.has(message.id));
  if (!fresh.length) return old.map((message) => more.find((other) => other.id === message.id) ?? message);
  const newest = old.at(-1);
  // Pages arrive in order, so sorting is needed only where a message comes in between.
  if (!newest || fresh.every((message) => isAfter(message, newest) >= 0)) return [...old, ...fresh];
  const oldest = old[0]!;
  if (fresh.every((message) => isAfter(message, oldest) <= 0)) return [...fresh, ...old];
  return [...old, ...fresh].sort(isAfter);
}

export function useConversation(thread: string, around: string | null = null): Conversation {
  const path = `/v1/threads/${thread}`;
  const [messages, setMessages] = useState<Message[]>([]);
  const [runs, setRuns] = useState<Map<string, Run>>(new Map());
  const [older, setOlder] = useState(false);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError | null>(null);
  const [live, setLive] = useState<LiveRun | null>(null);
  const [count, setCount] = useState(0);
  const attached = useRef<{ run: string; stop: () => void } | null>(null);
  const newest = useRef<string | null>(null);
  const oldest = useRef<string | null>(null);
  const busy = useRef(false);
  newest.current = messages.at(-1)?.id ?? null;
  oldest.current = messages[0]?.id ?? null;

  const readNew = useCallback(async () => {
    for (;;) {
      const page = await get<Page<Message>>(`${path}/messages`, { order: "asc", limit: PAGE, after: newest.current });
      if (page.data.length) setMessages((old) => merged(old, page.data));
      if (!page.has_more || !page.last_id) return;
      newest.current = page.last_id;
    }
  }, [path]);

  const readRun = useCallback(
    async (id: string) => {
      const run = await get<Run>(`${path}/runs/${id}`);
      setRuns((old) => new Map(old).set(id, run));
      return run;
    },
    [path],
  );

  const attach = useCallback(
    (run: Run) => {
      setRuns((old) => new Map(old).set(run.id, run));
      if (ENDED.has(run.status) || attached.current?.run === run.id) return;
      attached.current?.stop();
      let current = liveRun(run.id, thread);
      current.run = run;
      setLive(current);
      let scheduled = 0;
      // Events come faster than frames: one rendering for all of a frame.
      const show = () => {
        scheduled = 0;
        setLive(current);
      };
      const onEvent = (event: StreamEvent) => {
        current = applied(current, event);
        if (!scheduled) scheduled = requestAnimationFrame(show);
        const status = current.run?.status;
        if (event.event.startsWith("thread.run.") && !event.event.startsWith("thread.run.step") && event.event !== "thread.run.nested" && current.run)
          setRuns((old) => new Map(old).set(run.id, current.run!));
        return status !== undefined && ENDED.has(status);
      };
      const finish = async () => {
        attached.current = null;
        await Promise.allSettled([readNew(), readRun(run.id)]);
        setLive((now) => (now?.id === run.id ? null : now));
      };
      const stop = follow(`${path}/runs/${run.id}/events`, { nested: true }, {
        event: onEvent,
        state: (state) => {
          if (state === "ended") void finish();
        },
      });
      attached.current = { run: run.id, stop };
    },
    [path, thread, readNew, readRun],
  );

  useEffect(() => {
    const stop = new AbortController();
    setLoading(true);
    setError(null);
    const load = async () => {
      const [page, latest] = await Promise.all([
        around
          ? get<Page<Message>>(`${path}/messages`, { order: "desc", limit: PAGE, after: around }, stop.signal)
          : get<Page<Message>>(`${path}/messages`, { order: "desc", limit: PAGE }, stop.signal),
        get<Page<Run>>(`${path}/runs`, { limit: PAGE }, stop.signal),
      ]);
      let found = [...page.data].reverse();
      if (around) {
        const from = await get<Page<Message>>(`${path}/messages`, { order: "asc", limit: PAGE, ...(found.length ? { after: found.at(-1)!.id } : {}) }, stop.signal);
        found = [...found, ...from.data];
        newest.current = found.at(-1)?.id ?? null;
      }
      setMessages(found);
      setOlder(page.has_more);
      setRuns(new Map(latest.data.map((run) => [run.id, run])));
      const active = latest.data.find((run) => !ENDED.has(run.status) && run.status !== "queued") ?? latest.data.findLast((run) => !ENDED.has(run.status));
      if (active) attach(active);
      if (around) await readNew();
    };
    load().then(
      () => setLoading(false),
      (failure) => {
        if (stop.signal.aborted) return;
        setError(asApiError(failure));
        setLoading(false);
      },
    );
    return () => {
      stop.abort();
      attached.current?.stop();
      attached.current = null;
    };
  }, [path, count]);

  // What others do with the thread: the log of the project says when there is something new.
  useEffect(
    () =>
      follow(
        `/v1/projects/${projectId()}/logs`,
        { stream: true, thread_id: thread },
        {
          event: (event) => {
            const entry = JSON.parse(event.data) as LogEvent;
            if (entry.event === "message.created") void readNew().catch(() => {});
            if (entry.event === "run.created" && entry.run_id) void readRun(entry.run_id).then(attach, () => {});
            else if (entry.event.startsWith("run.") && entry.run_id && attached.current?.run !== entry.run_id) void readRun(entry.run_id).catch(() => {});
          },
        },
        true,
      ),
    [thread, readNew, readRun, attach],
  );

  const loadOlder = useCallback(async () => {
    if (busy.current || !older || !oldest.current) return;
    busy.current = true;
    try {
      const page = await get<Page<Message>>(`${path}/messages`, { order: "desc", limit: PAGE, after: oldest.current });
      setMessages((old) => merged(old, [...page.data].reverse()));
      setOlder(page.has_more);
    } catch (failure) {
      setError(asApiError(failure));
    } finally {
      busy.current = false;
    }
  }, [path, older]);

  const rows = useMemo(() => rowsOf(messages, runs, live, older), [messages, runs, live, older]);
  return { rows, older, loading, error, live, loadOlder, reload: () => setCount((old) => old + 1), attach, setMessages, runs };
}

/** Puts each run before its first message, and runs without messages where they were created. */
function rowsOf(messages: Message[], runs: Map<string, Run>, live: LiveRun | null, older: boolean): Row[] {
  const all = new Map(messages.map((message) => [message.id, message]));
  live?.messages.forEach((message, id) => all.set(id, message));
  const list = [...all.values()];
  const writers = new Set(list.map((message) => message.run_id));
  const from = list[0]?.created_at ?? 0;
  const silent = [...runs.values()]
    .filter((run) => !writers.has(run.id) && (!older || run.created_at >= from))
    .sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1));
  const rows: Row[] = [];
  const seen = new Set<string>();
  const runRow = (id: string): Row => ({ kind: "run", id, run: runs.get(id) ?? null, live: live?.id === id ? live : null });
  for (const message of list) {
    while (silent.length && silent[0]!.created_at < message.created_at) rows.push(runRow(silent.shift()!.id));
    if (message.run_id && message.role === "assistant" && !seen.has(message.run_id)) {
      seen.add(message.run_id);
      rows.push(runRow(message.run_id));
    }
    rows.push({ kind: "message", id: message.id, message });
  }
  return [...rows, ...silent.map((run) => runRow(run.id))];
}
