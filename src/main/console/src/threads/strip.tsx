// A run in one line of a conversation, which unfolds to its steps, and what it waits for.
import { useEffect, useState } from "preact/hooks";
import { all, get, post } from "../lib/api";
import { compact, duration, prettyJson } from "../lib/format";
import { useAction } from "../lib/hooks";
import { page } from "../lib/router";
import type { Run, Step, WaitingCall } from "../lib/types";
import { useScope } from "../session";
import { Icon } from "../ui/icons";
import { Button, Code, ErrorNote, Status, TextArea } from "../ui/ui";
import { ENDED, type LiveRun } from "./live";
import { StepsView } from "./steps";

const ended = (run: Run): number | null => run.completed_at ?? run.failed_at ?? run.cancelled_at;

/** Steps of ended runs do not change: each is read once while the page is open. */
const known = new Map<string, Step[]>();
const MOST_KNOWN = 300;

export async function stepsOf(thread: string, run: string, isEnded: boolean): Promise<Step[]> {
  const found = known.get(run);
  if (found) return found;
  const steps = await all<Step>(`/v1/threads/${thread}/runs/${run}/steps`, { order: "asc", "include[]": "step_details.tool_calls[*].file_search.results[*].content" }, 300);
  if (isEnded) {
    if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value!);
    known.set(run, steps);
  }
  return steps;
}

interface Props {
  thread: string;
  id: string;
  run: Run | null;
  live: LiveRun | null;
  names: Map<string, string>;
  onRun: (run: Run) => void;
}

export function RunStrip({ thread, id, run: loaded, live, names, onRun }: Props) {
  const [read, setRead] = useState<Run | null>(null);
  const [open, setOpen] = useState(false);
  const [steps, setSteps] = useState<Step[] | null>(null);
  const mayRun = useScope("run");
  const run = live?.run ?? loaded ?? read;
  const isEnded = run !== null && ENDED.has(run.status);
  useEffect(() => {
    if (!loaded && !live) get<Run>(`/v1/threads/${thread}/runs/${id}`).then(setRead, () => {});
  }, [id, loaded === null]);
  useEffect(() => {
    if (open && !live) stepsOf(thread, id, isEnded).then(setSteps, () => setSteps([]));
  }, [open, live === null, isEnded]);
  const shown = live ? [...live.steps.values()].filter((step) => step.type === "tool_calls" || step.reasoning?.text) : (steps ?? []);
  const unfolded = live ? shown.length > 0 : open;
  const end = run && ended(run);
  const retry = useAction(async () => onRun(await post<Run>(`/v1/threads/${thread}/runs`, run?.assistant_id ? { assistant_id: run.assistant_id } : {})));
  return (
    <section class="strip" aria-label="Run">
      <div class="strip-line">
        <button type="button" class="strip-toggle" aria-expanded={unfolded} disabled={live !== null} onClick={() => setOpen(!open)}>
          <Icon name={unfolded ? "down" : "right"} size={13} />
          {run ? <Status value={run.status} /> : <span class="muted">run</span>}
          <bdi class="ellipsis">{(run?.assistant_id && names.get(run.assistant_id)) || run?.model}</bdi>
        </button>
        <span class="muted strip-facts">
          {run && end && run.started_at ? <span>{duration(Math.max(1, end - run.started_at) * 1_000)}</span> : null}
          {run?.usage ? <span>{compact(run.usage.total_tokens)} tokens</span> : null}
        </span>
        {isEnded && run?.status !== "completed" && mayRun && (
          <Button small kind="quiet" icon="retry" busy={retry.busy} onClick={retry.run}>Retry</Button>
        )}
        <a class="small-text" href={page(["threads", thread, "runs", id])}>Timeline</a>
      </div>
      {run?.last_error && <div class="note bad"><Icon name="warn" /><bdi>{run.last_error.message}</bdi></div>}
      {run?.incomplete_details && <div class="note"><Icon name="warn" />The run reached a limit: {run.incomplete_details.limit ?? run.incomplete_details.reason}.</div>}
      <ErrorNote error={retry.error} />
      {unfolded && (live || steps ? <StepsView steps={shown} nested={live?.nested} thread={thread} waiting={run?.status === "requires_action"} /> : <div class="muted small-text pad">Loading steps…</div>)}
      {run?.status === "requires_action" && run.required_action && mayRun && <RequiredAction run={run} onRun={onRun} />}
    </section>
  );
}

/** The calls that a run waits for: functions to answer, and calls of the server to approve. */
export function RequiredAction({ run, onRun }: { run: Run; onRun: (run: Run) => void }) {
  const calls = run.required_action!.submit_tool_outputs.tool_calls;
  const [outputs, setOutputs] = useState<Record<string, string>>({});
  const submit = useAction(async () => {
    const resumed = await post<Run>(`/v1/threads/${run.thread_id}/runs/${run.id}/submit_tool_outputs`, {
      tool_outputs: calls.map((call) => ({ tool_call_id: call.id, output: outputs[call.id] ?? "" })),
    });
    onRun(resumed);
  });
  const set = (id: string, output: string) => setOutputs((old) => ({ ...old, [id]: output }));
  const isReady = calls.every((call) => outputs[call.id] !== undefined);
  return (
    <form class="required" onSubmit={(event) => { event.preventDefault(); if (isReady) void submit.run(); }}>
      <div class="required-head"><Icon name="warn" />The run waits for {calls.length === 1 ? "this call" : "these calls"}</div>
      {calls.map((call) => (
        <div class="waiting-call" key={call.id}>
          <bdi class="mono call-name">{call.function.name}</bdi>
          <Code label="Arguments" text={prettyJson(call.function.arguments)} />
          {call.approval ? (
            <Approval call={call} value={outputs[call.id]} onValue={(value) => set(call.id, value)} />
          ) : (
            <TextArea label={`Result of ${call.function.name}`} rows={2} mono value={outputs[call.id] ?? ""} onValue={(value) => set(call.id, value)} />
          )}
        </div>
      ))}
      <ErrorNote error={submit.error} />
      <div class="row end"><Button kind="primary" type="submit" disabled={!isReady} busy={submit.busy}>Continue the run</Button></div>
    </form>
  );
}

function Approval({ call, value, onValue }: { call: WaitingCall; value?: string; onValue: (value: string) => void }) {
  return (
    <div class="row" role="group" aria-label={`Approval of ${call.function.name}`}>
      <Button icon="check" pressed={value === "approve"} onClick={() => onValue("approve")}>Approve</Button>
      <Button icon="close" pressed={value === "deny"} onClick={() => onValue("deny")}>Deny</Button>
    </div>
  );
}
