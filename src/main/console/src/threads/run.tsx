// A run as a timeline: where its time went, and what each part of it cost.
import { useEffect } from "preact/hooks";
import { get, post, type Page } from "../lib/api";
import { duration, money, number, plural, shortId } from "../lib/format";
import { useAction, useLoad, useTitle } from "../lib/hooks";
import { navigate, page, projectId } from "../lib/router";
import { follow } from "../lib/sse";
import type { LogEvent, Run, Step } from "../lib/types";
import { useScope } from "../session";
import { Button, Code, Copyable, ErrorNote, PageHead, Skeleton, Status, Time } from "../ui/ui";
import { ENDED } from "./live";
import { StepsView } from "./steps";
import { RequiredAction, stepsOf } from "./strip";
import { segments, total, type Segment, type Timeline } from "./timeline";

interface Tree {
  id: string;
  thread_id: string;
  assistant_id: string | null;
  status: string;
  mode: string | null;
  usage: { total_tokens: number } | null;
  children: Tree[];
}

interface Loaded {
  run: Run;
  timeline: Timeline;
  events: LogEvent[];
  steps: Step[];
  tree: Tree;
}

async function load(thread: string, id: string, signal: AbortSignal): Promise<Loaded> {
  const path = `/v1/threads/${thread}/runs/${id}`;
  const [run, timeline, events, tree] = await Promise.all([
    get<Run>(path, {}, signal),
    get<Timeline>(`${path}/timeline`, {}, signal),
    get<Page<LogEvent>>(`/v1/projects/${projectId()}/logs`, { run_id: id, order: "asc", limit: 100 }, signal),
    get<Tree>(`${path}/tree`, {}, signal),
  ]);
  return { run, timeline, events: events.data, tree, steps: await stepsOf(thread, id, ENDED.has(run.status)) };
}

export function RunPage({ thread, run: id }: { thread: string; run: string }) {
  useTitle(`Run ${shortId(id)}`);
  const mayRun = useScope("run");
  const loaded = useLoad((signal) => load(thread, id, signal), [thread, id]);
  const status = loaded.data?.run.status;
  // The log has each event of the run a moment after it happens.
  useEffect(() => {
    if (!status) return;
    return follow(`/v1/projects/${projectId()}/logs`, { stream: true, run_id: id }, { event: () => loaded.reload() }, true);
  }, [id, status !== undefined]);
  const cancel = useAction(async () => {
    await post(`/v1/threads/${thread}/runs/${id}/cancel`);
    loaded.reload();
  });
  const retry = useAction(async () => {
    await post<Run>(`/v1/threads/${thread}/runs`, { assistant_id: loaded.data!.run.assistant_id ?? undefined });
    navigate(page(["threads", thread]));
  });
  const data = loaded.data;
  return (
    <div class="page">
      <PageHead back={{ to: page(["threads", thread]), text: "the thread" }} title="Run" sub={<><Copyable text={id} />{data && <Status value={data.run.status} />}</>}>
        {data && mayRun && !ENDED.has(data.run.status) && <Button icon="stop" busy={cancel.busy} onClick={cancel.run}>Cancel</Button>}
        {data && mayRun && ENDED.has(data.run.status) && <Button icon="retry" busy={retry.busy} onClick={retry.run}>Run again</Button>}
      </PageHead>
      <ErrorNote error={loaded.error ?? cancel.error ?? retry.error} retry={loaded.reload} />
      {!data ? !loaded.error && <Skeleton rows={5} /> : <RunView data={data} thread={thread} reload={loaded.reload} />}
    </div>
  );
}

function RunView({ data, thread, reload }: { data: Loaded; thread: string; reload: () => void }) {
  const { run, timeline, events, steps, tree } = data;
  const parts = segments(timeline, events, Date.now());
  const costs = events.filter((event) => event.event === "model_call" && event.cost !== null);
  const cost = costs.length ? costs.reduce((sum, event) => sum + event.cost!, 0) : null;
  return (
    <>
      <dl class="facts">
        <div><dt>Created</dt><dd><Time at={run.created_at} /></dd></div>
        <div><dt>Took</dt><dd>{duration(total(timeline, Date.now()))}</dd></div>
        <div><dt>Model</dt><dd><bdi>{run.model}</bdi></dd></div>
        <div><dt>Tokens</dt><dd>{run.usage ? `${number(run.usage.prompt_tokens)} in, ${number(run.usage.completion_tokens)} out` : "–"}</dd></div>
        <div><dt>Cost</dt><dd title={cost === null ? "The price of the model is not known" : undefined}>{money(cost)}</dd></div>
        <div><dt>Claims</dt><dd title="How often a node claimed it: more than once after a wait or the loss of a node">{timeline.attempts}</dd></div>
      </dl>
      {run.last_error && <div class="note bad"><bdi>{run.last_error.code}: {run.last_error.message}</bdi></div>}
      {run.status === "requires_action" && run.required_action && <RequiredAction run={run} onRun={reload} />}
      <h2>Timeline</h2>
      <Gantt parts={parts} timeline={timeline} />
      {events.length === 0 && <p class="muted">The events of this run are no longer in the log, so calls of the model are not shown one by one.</p>}
      {tree.children.length > 0 && <><h2>Runs below</h2><TreeView tree={tree} /></>}
      <h2>Steps</h2>
      {steps.length ? <StepsView steps={steps} thread={thread} /> : <p class="muted">The run has no steps yet.</p>}
      <details class="fold"><summary>Instructions</summary><Code label="Instructions" text={run.instructions || "none"} /></details>
    </>
  );
}

function Gantt({ parts, timeline }: { parts: Segment[]; timeline: Timeline }) {
  const from = timeline.created_at;
  const whole = Math.max(1, ...parts.map((part) => part.end - from));
  const percent = (ms: number) => `${(100 * ms) / whole}%`;
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Timeline of the run">
      <table class="gantt">
        <thead><tr><th>Part</th><th>When</th><th class="num">Time</th><th class="num">Tokens</th><th class="num">Cost</th><th>Result</th></tr></thead>
        <tbody>
          {parts.map((part) => (
            <tr>
              <th scope="row"><bdi>{part.label}</bdi></th>
              <td class="bar-cell">
                <div class="bar" data-kind={part.kind} style={{ marginLeft: percent(part.start - from), width: percent(Math.max(whole / 250, part.end - part.start)) }} title={`${duration(part.start - from)} after the start, for ${duration(part.end - part.start)}`} />
              </td>
              <td class="num">{duration(part.end - part.start)}</td>
              <td class="num">{part.tokens ? `${number(part.tokens[0])} → ${number(part.tokens[1])}` : ""}</td>
              <td class="num">{part.kind === "model" ? money(part.cost) : ""}</td>
              <td>{part.status ? <Status value={part.status} /> : ""} {part.note && <bdi class="muted">{part.note}</bdi>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TreeView({ tree }: { tree: Tree }) {
  return (
    <ul class="tree">
      {tree.children.map((child) => (
        <li>
          <a href={page(["threads", child.thread_id, "runs", child.id])}>{shortId(child.id)}</a> <Status value={child.status} />
          <span class="muted"> {child.mode} {child.usage ? `· ${plural(child.usage.total_tokens, "token")}` : ""}</span>
          {child.children.length > 0 && <TreeView tree={child} />}
        </li>
      ))}
    </ul>
  );
}
