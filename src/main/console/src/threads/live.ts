// What is known of a run while its events arrive: its messages, its steps, and the runs below it.
import type { Message, Run, Step, ToolCall } from "../lib/types";
import type { StreamEvent } from "../lib/sse";

export interface LiveRun {
  id: string;
  threadId: string;
  run: Run | null;
  messages: Map<string, Message>;
  steps: Map<string, Step>;
  /** Runs that tool calls of this one have started, by their ids. */
  nested: Map<string, LiveRun>;
}

export const ENDED = new Set(["completed", "failed", "cancelled", "expired", "incomplete"]);

export function liveRun(id: string, threadId: string): LiveRun {
  return { id, threadId, run: null, messages: new Map(), steps: new Map(), nested: new Map() };
}

/** Strings that arrive in parts. All others replace what was there. */
const APPENDED = new Set(["arguments", "output", "progress", "text", "value", "input", "logs", "refusal"]);

type Json = Record<string, unknown>;

function merge(target: Json, delta: Json): void {
  for (const [name, value] of Object.entries(delta)) {
    const old = target[name];
    if (typeof value === "string" && typeof old === "string" && APPENDED.has(name)) target[name] = old + value;
    else if (Array.isArray(value)) target[name] = mergeLists(Array.isArray(old) ? (old as Json[]) : [], value as Json[]);
    else if (value && typeof value === "object") {
      const copy = { ...((old as Json | null | undefined) ?? {}) };
      merge(copy, value as Json);
      target[name] = copy;
    } else if (value !== undefined && !(value === null && typeof old === "string")) target[name] = value;
  }
}

function mergeLists(old: Json[], delta: Json[]): Json[] {
  const all = [...old];
  for (const part of delta) {
    const at = typeof part?.index === "number" ? part.index : all.length;
    if (at < 0 || at > all.length + 1_000) continue;
    const copy = { ...(all[at] ?? {}) };
    merge(copy, part);
    all[at] = copy;
  }
  return all.filter((each) => each !== undefined);
}

interface Delta {
  id: string;
  delta: Json;
}

/** Applies an event to the run; a changed run is a new object. */
export function applied(live: LiveRun, event: StreamEvent): LiveRun {
  let data: unknown;
  try {
    data = JSON.parse(event.data);
  } catch {
    return live;
  }
  return appliedData(live, event.event, data);
}

function appliedData(live: LiveRun, name: string, data: unknown): LiveRun {
  if (name === "thread.run.nested") {
    const nested = data as { run_id: string; thread_id: string; event: string; data: unknown };
    const below = live.nested.get(nested.run_id) ?? liveRun(nested.run_id, nested.thread_id);
    return { ...live, nested: new Map(live.nested).set(nested.run_id, appliedData(below, nested.event, nested.data)) };
  }
  if (name === "thread.message.delta") {
    const { id, delta } = data as Delta;
    const old = live.messages.get(id) ?? newMessage(id, live);
    const copy = { ...old } as unknown as Json;
    merge(copy, delta);
    return { ...live, messages: new Map(live.messages).set(id, copy as unknown as Message) };
  }
  if (name.startsWith("thread.message.")) {
    const message = data as Message;
    const known = live.messages.get(message.id);
    // A message that has begun says that it is empty, also after parts of it were received.
    if (known?.content.length && !message.content.length) return live;
    return { ...live, messages: new Map(live.messages).set(message.id, message) };
  }
  if (name === "thread.run.step.delta") {
    const { id, delta } = data as Delta;
    const old = live.steps.get(id);
    if (!old) return live;
    const copy = { ...old } as unknown as Json;
    merge(copy, delta);
    return { ...live, steps: new Map(live.steps).set(id, copy as unknown as Step) };
  }
  if (name.startsWith("thread.run.step.")) {
    const step = data as Step;
    const known = live.steps.get(step.id);
    const calls = (of: Step | undefined): ToolCall[] => of?.step_details.tool_calls ?? [];
    if (known && calls(known).length > calls(step).length) return live;
    return { ...live, steps: new Map(live.steps).set(step.id, step) };
  }
  if (name.startsWith("thread.run.")) return { ...live, run: data as Run };
  return live;
}

function newMessage(id: string, live: LiveRun): Message {
  return {
    id,
    created_at: Math.floor(Date.now() / 1_000),
    thread_id: live.threadId,
    status: "in_progress",
    incomplete_details: null,
    role: "assistant",
    content: [],
    assistant_id: live.run?.assistant_id ?? null,
    run_id: live.id,
    attachments: [],
    metadata: {},
  };
}
