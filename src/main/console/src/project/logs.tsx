// The events of a project: a page of the past, and those that happen while the page is open.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, saveAs, type ApiError, type Page } from "../lib/api";
import { clock, csv, duration, money, number, shortId } from "../lib/format";
import { asApiError, useSettled, useTitle } from "../lib/hooks";
import { navigate, page, projectId } from "../lib/router";
import { follow, type StreamState } from "../lib/sse";
import type { LogEvent } from "../lib/types";
import { useVirtual } from "../lib/virtual";
import { Button, Code, Dialog, Empty, ErrorNote, PageHead, Select, Skeleton, Status } from "../ui/ui";

const ROW = 34;
const PAGE = 100;
const MOST = 5_000;
const FILTERS = ["event", "status", "thread_id", "run_id", "model", "tool", "key"];

const EVENTS: [string, string][] = [
  ["", "All events"],
  ["model_call", "Model calls"],
  ["tool_call", "Tool calls"],
  ["run.created,run.completed,run.failed,run.cancelled,run.expired,run.incomplete,run.requires_action", "Runs"],
  ["run.failed", "Failed runs"],
  ["message.created", "Messages"],
  ["agent_routing,handoff", "Routing"],
  ["memory_summary", "Summaries"],
  ["limit.refused", "Refused by limits"],
  ["vector_store.file.completed,vector_store.file.failed", "Files of stores"],
];

export function LogsPage({ query }: { query: URLSearchParams }) {
  useTitle("Logs");
  const [rows, setRows] = useState<LogEvent[] | null>(null);
  const [more, setMore] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [live, setLive] = useState(true);
  const [state, setState] = useState<StreamState>("waiting");
  const [shown, show] = useState<LogEvent | null>(null);
  const [count, reload] = useState(0);
  const busy = useRef(false);
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query.get(name)]));
  const key = JSON.stringify(filters);
  const path = `/v1/projects/${projectId()}/logs`;
  useEffect(() => {
    const stop = new AbortController();
    setRows(null);
    setError(null);
    get<Page<LogEvent>>(path, { ...filters, limit: PAGE }, stop.signal).then(
      (first) => {
        setRows(first.data);
        setMore(first.has_more);
      },
      (failure) => !stop.signal.aborted && setError(asApiError(failure)),
    );
    return () => stop.abort();
  }, [key, count]);
  useEffect(() => {
    if (!live || error) return;
    return follow(path, { ...filters, stream: true }, {
      event: (event) => {
        const entry = JSON.parse(event.data) as LogEvent;
        if (entry.id) setRows((old) => (old && !old.some((each) => each.id === entry.id) ? [entry, ...old].slice(0, MOST) : old));
      },
      state: setState,
    }, true);
  }, [key, live, error]);
  const loadMore = async () => {
    if (busy.current || !more || !rows?.length || rows.length >= MOST) return;
    busy.current = true;
    try {
      const next = await get<Page<LogEvent>>(path, { ...filters, limit: PAGE, after: rows.at(-1)!.id });
      setRows((old) => [...(old ?? []), ...next.data]);
      setMore(next.has_more);
    } catch (failure) {
      setError(asApiError(failure));
    } finally {
      busy.current = false;
    }
  };
  const save = () =>
    saveAs(
      csv([
        ["timestamp", "event", "status", "model", "tool", "latency_ms", "input_tokens", "output_tokens", "cost", "thread_id", "run_id", "assistant_id", "key", "request_id"],
        ...rows!.map((each) => [each.timestamp, each.event, each.status, each.model, each.tool, each.latency_ms, each.input_tokens, each.output_tokens, each.cost, each.thread_id, each.run_id, each.assistant_id, each.key, each.request_id]),
      ]),
      `logs-${projectId()}.csv`,
    );
  return (
    <div class="page fill">
      <PageHead title="Logs" sub={<Status value={live ? (state === "open" ? "following" : "connecting") : "paused"} />}>
        <Button small pressed={live} icon={live ? "stop" : "play"} onClick={() => setLive(!live)}>{live ? "Pause" : "Follow"}</Button>
        <Button small icon="download" disabled={!rows?.length} onClick={save}>CSV</Button>
      </PageHead>
      <Filters query={query} />
      <ErrorNote error={error} retry={() => reload((old) => old + 1)} />
      {!rows ? !error && <Skeleton rows={12} height={ROW} /> : rows.length === 0 ? (
        <Empty icon="logs" title="No events">Events of runs, models, tools and messages appear here as they happen, and are kept for 30 days unless the operator sets another time.</Empty>
      ) : (
        <Rows rows={rows} more={more} loadMore={loadMore} onShow={show} />
      )}
      {shown && (
        <Dialog title={shown.event} wide onClose={() => show(null)}>
          <Code label="Event" text={JSON.stringify(shown, null, 2)} />
          <div class="row end">
            {shown.thread_id && <a href={page(["threads", shown.thread_id])}>Open the thread</a>}
            {shown.thread_id && shown.run_id && <a href={page(["threads", shown.thread_id, "runs", shown.run_id])}>Open the run</a>}
          </div>
        </Dialog>
      )}
    </div>
  );
}

function Filters({ query }: { query: URLSearchParams }) {
  const [texts, setTexts] = useState<Record<string, string>>(Object.fromEntries(["thread_id", "model", "tool"].map((name) => [name, query.get(name) ?? ""])));
  const settled = useSettled(JSON.stringify(texts), 300);
  const change = (values: Record<string, string>) => {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(values)) value.trim() ? next.set(name, value.trim()) : next.delete(name);
    navigate(page(["logs"]) + (next.size ? "?" + next : ""), true);
  };
  useEffect(() => {
    if (Object.entries(texts).some(([name, value]) => value.trim() !== (query.get(name) ?? ""))) change(texts);
  }, [settled]);
  return (
    <search class="filters">
      <Select inline label="Events" value={query.get("event") ?? ""} onValue={(event) => change({ event })} options={EVENTS} />
      <Select inline label="Status" value={query.get("status") ?? ""} onValue={(status) => change({ status })} options={[["", "Any status"], ["completed", "Completed"], ["failed", "Failed"], ["cancelled", "Cancelled"], ["incomplete", "Incomplete"]]} />
      {Object.entries({ thread_id: "Thread", model: "Model", tool: "Tool" }).map(([name, text]) => (
        <label><span class="sr">{text}</span><input type="search" placeholder={text} value={texts[name]} onInput={(event) => setTexts({ ...texts, [name]: event.currentTarget.value })} /></label>
      ))}
      {query.get("run_id") && <Button small icon="close" onClick={() => change({ run_id: "" })}>Run {shortId(query.get("run_id")!)}</Button>}
    </search>
  );
}

function Rows({ rows, more, loadMore, onShow }: { rows: LogEvent[]; more: boolean; loadMore: () => void; onShow: (event: LogEvent) => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtual({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, getItemKey: (index) => rows[index]!.id, overscan: 12 });
  const visible = virtual.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= rows.length - 15) void loadMore();
  }, [last, rows.length, more]);
  return (
    <div class="list" ref={scroller} tabIndex={0} role="region" aria-label="Events">
      <ul style={{ height: `${virtual.getTotalSize()}px` }}>
        {visible.map((item) => {
          const event = rows[item.index]!;
          return (
            <li key={event.id} style={{ transform: `translateY(${item.start}px)`, height: `${ROW}px` }}>
              <button type="button" class="log-row" onClick={() => onShow(event)}>
                <span class="mono muted">{clock(new Date(event.timestamp))}</span>
                <b>{event.event}</b>
                <bdi class="ellipsis muted">{[event.model, event.tool].filter(Boolean).join(" · ")}</bdi>
                <span class="log-facts muted">
                  {event.latency_ms !== null && <span>{duration(event.latency_ms)}</span>}
                  {event.input_tokens !== null && <span>{number(event.input_tokens)} → {number(event.output_tokens ?? 0)}</span>}
                  {event.cost !== null && <span>{money(event.cost)}</span>}
                </span>
                {event.status ? <Status value={event.status} /> : <span />}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
