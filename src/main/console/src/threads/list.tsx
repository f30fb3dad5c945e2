// The threads of a project: searched on the server, shown as a list of any length.
import { useEffect, useRef, useState } from "preact/hooks";
import { all, get, post, type Page } from "../lib/api";
import { oneLine, plural } from "../lib/format";
import { asApiError, useLoad, useSettled, useTitle } from "../lib/hooks";
import { navigate, page, projectId } from "../lib/router";
import type { Assistant, FoundThread, Thread } from "../lib/types";
import { useVirtual } from "../lib/virtual";
import { useScope } from "../session";
import { Icon } from "../ui/icons";
import { Badge, Button, Empty, ErrorNote, PageHead, Select, Skeleton, Status, Time } from "../ui/ui";
import type { ApiError } from "../lib/api";

const ROW = 62;
const PAGE = 50;

const RUN_STATUSES: [string, string][] = [
  ["", "Any run"],
  ["requires_action", "Needs action"],
  ["in_progress", "Running"],
  ["queued", "Queued"],
  ["failed", "Failed"],
  ["incomplete", "Incomplete"],
  ["expired", "Expired"],
  ["cancelled", "Cancelled"],
];

const AGES: [string, string][] = [
  ["", "Any time"],
  ["1", "Last day"],
  ["7", "Last 7 days"],
  ["30", "Last 30 days"],
  ["between", "Between…"],
];

/** The filters of the page, as its address has them. */
function filters(query: URLSearchParams): Record<string, string | number> {
  const wanted: Record<string, string | number> = {};
  for (const name of ["query", "run_status", "assistant_id", "user", "status"]) {
    const value = query.get(name);
    if (value) wanted[name] = value;
  }
  const days = Number(query.get("days"));
  if (days > 0) wanted.created_after = Math.floor(Date.now() / 1_000) - days * 86_400;
  const from = Date.parse(query.get("from") ?? "");
  const to = Date.parse(query.get("to") ?? "");
  if (from) wanted.created_after = Math.floor(from / 1_000);
  if (to) wanted.created_before = Math.floor(to / 1_000);
  for (const pair of query.getAll("metadata")) {
    const equals = pair.indexOf("=");
    if (equals > 0) wanted[`metadata[${pair.slice(0, equals)}]`] = pair.slice(equals + 1);
  }
  return wanted;
}

function useThreads(query: URLSearchParams) {
  const key = query.toString();
  const [state, setState] = useState<{ key: string; rows: FoundThread[]; more: boolean; error: ApiError | null; loading: boolean }>({
    key,
    rows: [],
    more: true,
    error: null,
    loading: true,
  });
  const [count, reload] = useState(0);
  const busy = useRef(false);
  const path = `/v1/projects/${projectId()}/threads`;
  useEffect(() => {
    const stop = new AbortController();
    busy.current = true;
    setState((old) => ({ ...old, loading: true, error: null }));
    get<Page<FoundThread>>(path, { ...filters(query), limit: PAGE }, stop.signal).then(
      (first) => {
        busy.current = false;
        setState({ key, rows: first.data, more: first.has_more, error: null, loading: false });
      },
      (error) => {
        if (stop.signal.aborted) return;
        busy.current = false;
        setState({ key, rows: [], more: false, error: asApiError(error), loading: false });
      },
    );
    return () => stop.abort();
  }, [key, count]);
  const loadMore = async () => {
    if (busy.current || !state.more || !state.rows.length) return;
    busy.current = true;
    try {
      const next = await get<Page<FoundThread>>(path, { ...filters(query), limit: PAGE, after: state.rows.at(-1)!.id });
      setState((old) => (old.key === key ? { ...old, rows: [...old.rows, ...next.data], more: next.has_more } : old));
    } catch (error) {
      setState((old) => ({ ...old, error: asApiError(error), more: false }));
    } finally {
      busy.current = false;
    }
  };
  return { ...state, loadMore, reload: () => reload((old) => old + 1) };
}

export function ThreadsPage({ query }: { query: URLSearchParams }) {
  useTitle("Threads");
  const mayRun = useScope("run");
  const assistants = useLoad(() => all<Assistant>("/v1/assistants"), []);
  const found = useThreads(query);
  const isFiltered = [...query.keys()].length > 0;
  const create = async () => {
    const thread = await post<Thread>("/v1/threads");
    navigate(page(["threads", thread.id]));
  };
  return (
    <div class="page fill">
      <PageHead title="Threads">
        {mayRun && <Button kind="primary" icon="plus" onClick={create}>New thread</Button>}
      </PageHead>
      <Filters query={query} assistants={assistants.data ?? []} />
      <ErrorNote error={found.error} retry={found.reload} />
      {found.loading && !found.rows.length ? (
        <Skeleton rows={9} height={ROW} />
      ) : found.rows.length ? (
        <Rows rows={found.rows} more={found.more} loadMore={found.loadMore} assistants={assistants.data ?? []} stale={found.loading} />
      ) : isFiltered ? (
        <Empty icon="search" title="No thread fits" action={<Button onClick={() => navigate(page(["threads"]))}>Clear the filters</Button>}>
          Words are looked for in messages that the memory has indexed, which takes a moment after they are written.
        </Empty>
      ) : (
        <Empty icon="threads" title="No threads yet" action={mayRun && <Button kind="primary" icon="plus" onClick={create}>New thread</Button>}>
          A thread is a stored conversation. Applications create them through the API; to try one here, create it, write a message and choose an assistant.
        </Empty>
      )}
    </div>
  );
}

function Filters({ query, assistants }: { query: URLSearchParams; assistants: Assistant[] }) {
  const [text, setText] = useState(query.get("query") ?? "");
  const [user, setUser] = useState(query.get("user") ?? "");
  const [metadata, setMetadata] = useState(query.get("metadata") ?? "");
  const settled = useSettled(`${text}\u0000${user}\u0000${metadata}`, 250);
  const change = (values: Record<string, string>) => {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(values)) value ? next.set(name, value) : next.delete(name);
    navigate(page(["threads"]) + (next.size ? "?" + next : ""), true);
  };
  useEffect(() => {
    const pair = metadata.includes("=") ? metadata : "";
    if (text !== (query.get("query") ?? "") || user !== (query.get("user") ?? "") || pair !== (query.get("metadata") ?? ""))
      change({ query: text.trim() ? text : "", user: user.trim(), metadata: pair });
  }, [settled]);
  useEffect(() => {
    if (![...query.keys()].length) {
      setText("");
      setUser("");
      setMetadata("");
    }
  }, [query.toString()]);
  const isBetween = query.get("days") === "between" || query.has("from") || query.has("to");
  return (
    <search class="filters">
      <label class="search">
        <span class="sr">Words of messages</span>
        <Icon name="search" />
        <input type="search" placeholder="Search messages" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <label>
        <span class="sr">User</span>
        <input type="search" placeholder="User" value={user} onInput={(event) => setUser(event.currentTarget.value)} />
      </label>
      <label>
        <span class="sr">Metadata, as key=value</span>
        <input type="search" placeholder="Metadata key=value" value={metadata} onInput={(event) => setMetadata(event.currentTarget.value)} />
      </label>
      <Select inline label="Assistant" value={query.get("assistant_id") ?? ""} onValue={(value) => change({ assistant_id: value })}
        options={[["", "Any assistant"], ...assistants.map((each): [string, string] => [each.id, each.name || each.id])]} />
      <Select inline label="Run" value={query.get("run_status") ?? ""} onValue={(value) => change({ run_status: value })} options={RUN_STATUSES} />
      <Select inline label="Status" value={query.get("status") ?? ""} onValue={(value) => change({ status: value })}
        options={[["", "Any status"], ["active", "Active"], ["archived", "Archived"]]} />
      <Select inline label="Created" value={isBetween ? "between" : (query.get("days") ?? "")} onValue={(value) => change({ days: value, from: "", to: "" })} options={AGES} />
      {isBetween && (
        <>
      <label class="date"><span>from</span><input type="datetime-local" aria-label="Created from" value={query.get("from") ?? ""} onChange={(event) => change({ from: event.currentTarget.value, days: "between" })} /></label>
      <label class="date"><span>to</span><input type="datetime-local" aria-label="Created before" value={query.get("to") ?? ""} onChange={(event) => change({ to: event.currentTarget.value, days: "between" })} /></label>
        </>
      )}
    </search>
  );
}

interface RowsProps {
  rows: FoundThread[];
  more: boolean;
  loadMore: () => void;
  assistants: Assistant[];
  stale: boolean;
}

function Rows({ rows, more, loadMore, assistants, stale }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtual({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (index) => rows[index]!.id,
    overscan: 8,
  });
  const visible = virtual.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= rows.length - 10) void loadMore();
  }, [last, rows.length, more]);
  const names = new Map(assistants.map((each) => [each.id, each.name || each.id]));
  return (
    <>
      <div class="list" ref={scroller} tabIndex={0} role="region" aria-label="Threads" aria-busy={stale} data-stale={stale || undefined}>
        <ul style={{ height: `${virtual.getTotalSize()}px` }}>
          {visible.map((item) => {
            const thread = rows[item.index]!;
            return (
              <li key={thread.id} style={{ transform: `translateY(${item.start}px)`, height: `${ROW}px` }} aria-setsize={more ? -1 : rows.length} aria-posinset={item.index + 1}>
                <a class="thread-row" href={page(["threads", thread.id])}>
                  <span class="thread-text">
                    <bdi class="thread-title">{oneLine(thread.first_message || "") || <span class="muted">Empty thread</span>}</bdi>
                    <bdi class="thread-sub">{oneLine(thread.last_message && thread.last_message !== thread.first_message ? thread.last_message : "", 160)}</bdi>
                  </span>
                  <span class="thread-facts">
                    {thread.forked_from && <Badge title={`Forked from ${thread.forked_from.thread_id}`}>fork</Badge>}
                    {thread.metadata.user && <Badge title="User">{oneLine(thread.metadata.user, 24)}</Badge>}
                    {thread.assistant_id && <span class="muted ellipsis">{names.get(thread.assistant_id) ?? "deleted assistant"}</span>}
                  </span>
                  <span class="thread-end">
                    {thread.status === "archived" ? <Status value="archived" /> : thread.latest_run ? <Status value={thread.latest_run.status} /> : <span class="muted">no run</span>}
                    <span class="muted"><Time at={thread.last_activity_at} relative /></span>
                  </span>
                </a>
              </li>
            );
          })}
        </ul>
      </div>
      <div class="list-foot muted" role="status">{more ? `${plural(rows.length, "thread")} loaded, more below` : plural(rows.length, "thread")}</div>
    </>
  );
}
