// The parts of a run's time, from when it and its steps began and ended and from the events of its calls.
import type { LogEvent } from "../lib/types";

export interface Timeline {
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  attempts: number;
  steps: { id: string; type: string; created_at: number; ended_at: number | null }[];
}

export interface Segment {
  kind: "queued" | "context" | "model" | "tool" | "waiting";
  label: string;
  start: number;
  end: number;
  tokens?: [number, number];
  cost?: number | null;
  status?: string;
  note?: string;
}

/** Gaps below this many milliseconds are not shown. */
const SMALL = 2;

export const total = (timeline: Timeline, now: number): number => Math.max(0, (timeline.ended_at ?? now) - timeline.created_at);

export function segments(timeline: Timeline, events: LogEvent[], now: number): Segment[] {
  const start = timeline.started_at ?? timeline.ended_at ?? now;
  const found: Segment[] = [{ kind: "queued", label: "Queued", start: timeline.created_at, end: start }];
  let waitingSince: number | null = null;
  let answered: number | null = null;
  let routedAt: number | null = null;
  for (const event of events) {
    const at = Date.parse(event.timestamp);
    const begin = at - (event.latency_ms ?? 0);
    if (event.event === "model_call") {
      if (routedAt !== null) found.push({ kind: "waiting", label: "Other assistant", start: routedAt, end: begin });
      routedAt = null;
      if (waitingSince !== null) {
        found.push({ kind: "waiting", label: "Waiting for the client", start: waitingSince, end: answered ?? begin });
        waitingSince = null;
      }
      const before = lastEnd(found, timeline.started_at ?? begin, begin);
      if (begin - before > SMALL) found.push({ kind: "context", label: "Context", start: before, end: begin });
      found.push({
        kind: "model",
        label: event.model ?? "Model",
        start: begin,
        end: at,
        tokens: [event.input_tokens ?? 0, event.output_tokens ?? 0],
        cost: event.cost,
        status: event.status === "completed" ? undefined : (event.status ?? undefined),
        note: String(event.details?.finish_reason ?? event.details?.error ?? ""),
      });
    } else if (event.event === "tool_call") {
      const isClient = event.details?.executor === "client";
      if (isClient) {
        answered = at;
        continue;
      }
      found.push({
        kind: "tool",
        label: event.tool ?? "Tool",
        start: begin,
        end: at,
        status: event.status === "completed" ? undefined : (event.status ?? undefined),
        note: event.details?.error ? String(event.details.error) : undefined,
      });
    } else if (event.event === "run.requires_action") {
      waitingSince = at;
      answered = null;
    } else if (event.event === "agent_routing" || event.event === "handoff") {
      // The run goes on when the other assistant has answered, with its next call of the model.
      routedAt ??= at;
    }
  }
  const end = timeline.ended_at ?? now;
  if (routedAt !== null) found.push({ kind: "waiting", label: "Other assistant", start: routedAt, end });
  if (waitingSince !== null) found.push({ kind: "waiting", label: "Waiting for the client", start: waitingSince, end: answered ?? end });
  return found.filter((part) => part.end >= part.start).sort((a, b) => a.start - b.start);
}

/** When the last part before this time ended. */
function lastEnd(parts: Segment[], first: number, before: number): number {
  return parts.reduce((latest, part) => (part.end <= before + SMALL ? Math.max(latest, Math.min(part.end, before)) : latest), Math.min(first, before));
}
