// Exactly what one call of a model was sent: its parts as shares of the window, what was left out, and what changed since the call before.
import { useMemo, useState } from "preact/hooks";
import { get, type Page } from "../lib/api";
import { lineDiff } from "../lib/diff";
import { number, oneLine, plural, prettyJson, shortId } from "../lib/format";
import { useLoad, useTitle } from "../lib/hooks";
import { page } from "../lib/router";
import type { Run, Step } from "../lib/types";
import { Icon } from "../ui/icons";
import { Badge, Button, Code, Copyable, ErrorNote, PageHead, Skeleton, Time } from "../ui/ui";

export interface Part {
  type: string;
  tokens: number;
  text?: string;
  version?: number;
  score?: number;
  source?: { type: string; id: string; thread_id: string };
  created_at?: number;
  id?: string;
  role?: string;
  content?: { type: string; text?: { value: string } }[];
  tool_call_ids?: string[];
  function?: { name: string; description?: string; parameters?: unknown };
}

interface SentMessage {
  role: string;
  content: string;
  tool_calls: { id: string; name?: string; arguments?: string }[];
  tool_call_id: string | null;
  reasoning?: string;
}

export interface Context {
  step_id: string;
  run_id: string;
  model: string;
  exact: boolean;
  parts: Part[];
  left_out: { messages: number; reason: string | null };
  memory: string;
  messages: SentMessage[];
}

interface Model {
  id: string;
  context_window?: number | null;
}

const KINDS: Record<string, string> = {
  instructions: "Instructions",
  tool: "Tools",
  summary: "Summary",
  compaction: "Compaction",
  recalled: "Recalled",
  message: "Messages",
  tool_calls: "Tool calls",
};

const MEMORY: Record<string, string> = {
  asked: "The memory was searched for this call.",
  not_needed: "The memory was not needed: the window shows the whole thread.",
  off: "The memory of the assistant is switched off.",
  timed_out: "The memory did not answer in time; the call went on without recalled passages.",
  failed: "The search of the memory failed; the call went on without recalled passages.",
};

const REASONS: Record<string, string> = {
  last_messages: "the run asks for the last messages only",
  max_prompt_tokens: "the run limits the tokens of its prompts",
  context_window: "the window of the model is full",
};

const contextOf = (thread: string, run: string, step: string, signal?: AbortSignal) =>
  get<Context>(`/v1/threads/${thread}/runs/${run}/steps/${step}/context`, {}, signal);

/** The call before this one: the step before it, or the last one of the run before. */
async function before(thread: string, run: Run, step: string): Promise<{ run: string; step: string } | null> {
  const steps = await get<Page<Step>>(`/v1/threads/${thread}/runs/${run.id}/steps`, { order: "desc", limit: 1, after: step });
  if (steps.data[0]) return { run: run.id, step: steps.data[0].id };
  const runs = await get<Page<Run>>(`/v1/threads/${thread}/runs`, { order: "desc", limit: 5, after: run.id });
  for (const earlier of runs.data) {
    const last = await get<Page<Step>>(`/v1/threads/${thread}/runs/${earlier.id}/steps`, { order: "desc", limit: 1 });
    if (last.data[0]) return { run: earlier.id, step: last.data[0].id };
  }
  return null;
}

export function CallPage({ thread, run, step }: { thread: string; run: string; step: string }) {
  useTitle("What the model was sent");
  const loaded = useLoad(
    async (signal) => {
      const [context, ofRun] = await Promise.all([contextOf(thread, run, step, signal), get<Run>(`/v1/threads/${thread}/runs/${run}`, {}, signal)]);
      const model = await get<Model>(`/v1/models/${encodeURIComponent(context.model)}`, {}, signal).catch(() => null);
      const earlier = await before(thread, ofRun, step).catch(() => null);
      const previous = earlier && (await contextOf(thread, earlier.run, earlier.step, signal).catch(() => null));
      return { context, window: model?.context_window ?? null, previous };
    },
    [thread, run, step],
  );
  const [view, setView] = useState<"parts" | "prompt" | "changes">("parts");
  const data = loaded.data;
  return (
    <div class="page">
      <PageHead back={{ to: page(["threads", thread, "runs", run]), text: "the run" }} title="What the model was sent" sub={<Copyable text={step} />} />
      <ErrorNote error={loaded.error} retry={loaded.reload} />
      {!data ? !loaded.error && <Skeleton rows={6} /> : (
        <>
          <Window context={data.context} window={data.window} />
          {!data.context.exact && <div class="note"><Icon name="warn" /><span>A message of this prompt was deleted since, so this is not exactly what was sent.</span></div>}
          <div class="row wrap pad" role="group" aria-label="View">
            <Button pressed={view === "parts"} onClick={() => setView("parts")}>Parts</Button>
            <Button pressed={view === "prompt"} onClick={() => setView("prompt")}>The prompt itself</Button>
            <Button pressed={view === "changes"} disabled={!data.previous} onClick={() => setView("changes")}>Difference to the call before</Button>
          </div>
          {view === "parts" && <Parts context={data.context} thread={thread} />}
          {view === "prompt" && <Prompt messages={data.context.messages} />}
          {view === "changes" && data.previous && <Changes now={data.context} before={data.previous} />}
        </>
      )}
    </div>
  );
}

function Window({ context, window }: { context: Context; window: number | null }) {
  const sums = useMemo(() => {
    const found = new Map<string, number>();
    for (const part of context.parts) found.set(part.type, (found.get(part.type) ?? 0) + part.tokens);
    return [...found].filter(([, tokens]) => tokens > 0);
  }, [context]);
  const used = sums.reduce((sum, [, tokens]) => sum + tokens, 0);
  const whole = Math.max(window ?? used, used, 1);
  return (
    <section class="panel" aria-label="The window">
      <div class="row wrap between">
        <b>{number(used)} tokens{window ? ` of a window of ${number(window)} (${((100 * used) / window).toFixed(used / window < 0.1 ? 1 : 0)} %)` : ""}</b>
        <bdi class="muted">{context.model}</bdi>
      </div>
      <div class="window" role="img" aria-label={sums.map(([type, tokens]) => `${KINDS[type] ?? type}: ${tokens} tokens`).join(", ")}>
        {sums.map(([type, tokens]) => <span data-kind={type} style={{ width: `${(100 * tokens) / used}%` }} />)}
      </div>
      <ul class="legend">
        {sums.map(([type, tokens]) => (
          <li><span class="swatch" data-kind={type} />{KINDS[type] ?? type}<b>{number(tokens)}</b><span class="muted">{((100 * tokens) / used).toFixed(0)} %{window ? `, ${((100 * tokens) / whole).toFixed(1)} % of the window` : ""}</span></li>
        ))}
      </ul>
      <p>
        {context.left_out.messages > 0
          ? <><b>{plural(context.left_out.messages, "older message")} left out</b>, because {REASONS[context.left_out.reason ?? ""] ?? context.left_out.reason}. </>
          : "No message was left out. "}
        {MEMORY[context.memory] ?? context.memory}
      </p>
    </section>
  );
}

function label(part: Part): string {
  switch (part.type) {
    case "message":
      return part.role === "assistant" ? "Assistant" : "User";
    case "tool":
      return part.function?.name ?? "tool";
    case "summary":
      return `Summary, version ${part.version}`;
    case "recalled":
      return "Recalled passage";
    case "tool_calls":
      return `Tool calls with their results (${part.tool_call_ids?.length ?? 0})`;
    default:
      return KINDS[part.type] ?? part.type;
  }
}

export function partText(part: Part): string {
  if (part.text !== undefined) return part.text;
  if (part.function) return JSON.stringify(part.function, null, 2);
  if (part.content) return part.content.map((each) => each.text?.value ?? `[${each.type}]`).join("\n");
  return (part.tool_call_ids ?? []).join("\n");
}

function Parts({ context, thread }: { context: Context; thread: string }) {
  const most = Math.max(1, ...context.parts.map((part) => part.tokens));
  return (
    <ol class="parts">
      {context.parts.map((part) => (
        <li>
          <details class="fold">
            <summary>
              <span class="swatch" data-kind={part.type} />
              <bdi class="part-label">{label(part)}</bdi>
              {part.score !== undefined && <span class="score">{part.score.toFixed(4)}</span>}
              <bdi class="muted ellipsis grow">{oneLine(partText(part), 140)}</bdi>
              <span class="meter" aria-hidden="true"><span style={{ width: `${(100 * part.tokens) / most}%` }} /></span>
              <span class="num part-tokens">{number(part.tokens)}</span>
            </summary>
            <Code label={label(part)} text={partText(part)} />
            {part.source && <p class="small-text"><a href={page(["threads", part.source.thread_id], { message: part.source.id })}>Where it comes from</a>{part.created_at && <span class="muted">, <Time at={part.created_at} /></span>}</p>}
            {part.type === "message" && part.id && <p class="small-text"><a href={page(["threads", thread], { message: part.id })}>Open the message</a></p>}
            {part.type === "summary" && <p class="small-text"><a href={page(["threads", thread, "memory", "summaries"], { version: String(part.version) })}>Open this version</a></p>}
          </details>
        </li>
      ))}
    </ol>
  );
}

const shown = (message: SentMessage): string =>
  [message.content, ...message.tool_calls.map((call) => prettyJson(JSON.stringify(call)))].filter(Boolean).join("\n");

function Prompt({ messages }: { messages: SentMessage[] }) {
  return (
    <ol class="parts">
      {messages.map((message) => (
        <li class="panel">
          <div class="label">{message.role}{message.tool_call_id && ` · ${shortId(message.tool_call_id)}`}</div>
          {message.reasoning && <Code label="Reasoning" text={message.reasoning} />}
          <Code label={message.role} text={shown(message)} />
        </li>
      ))}
    </ol>
  );
}

/** Keys are those of the API's own comparison: what a part is, not where it stands. */
const key = (part: Part): string =>
  [part.type, part.id ?? part.source?.id ?? part.version ?? part.function?.name ?? part.tool_call_ids?.join() ?? part.text].join(":");

function Changes({ now, before: old }: { now: Context; before: Context }) {
  const known = new Map(old.parts.map((part) => [key(part), part]));
  const present = new Set(now.parts.map(key));
  const added = now.parts.filter((part) => !known.has(key(part)));
  const removed = old.parts.filter((part) => !present.has(key(part)));
  const text = (context: Context) => context.messages.map((message) => `${message.role}:\n${shown(message)}`).join("\n\n");
  const lines = useMemo(() => lineDiff(text(old), text(now)), [now, old]);
  const list = (parts: Part[]) => (
    <ul>{parts.map((part) => <li class="row"><span class="swatch" data-kind={part.type} /><b>{label(part)}</b><bdi class="muted ellipsis grow">{oneLine(partText(part), 120)}</bdi><Badge>{number(part.tokens)} tokens</Badge></li>)}</ul>
  );
  return (
    <>
      <div class="panel"><h2>Added</h2>{added.length ? list(added) : <p class="muted">Nothing.</p>}</div>
      <div class="panel"><h2>Gone</h2>{removed.length ? list(removed) : <p class="muted">Nothing.</p>}</div>
      <h2>The prompt, line by line</h2>
      <pre class="code lines" tabIndex={0} role="region" aria-label="Differences of the prompts">
        {lines.map((line) => <div data-kind={line.kind}>{line.kind === "added" ? "+ " : line.kind === "removed" ? "− " : "  "}{line.text}</div>)}
      </pre>
    </>
  );
}
