// Tries a call of a tool as a run would make it. The rehearsal model makes the call, so no model is paid for. The thread is deleted
// afterwards, and so is the assistant that a tool needs which is not saved yet.
import { useState } from "preact/hooks";
import { del, post } from "../lib/api";
import { prettyJson } from "../lib/format";
import { useAction } from "../lib/hooks";
import { readStream } from "../lib/sse";
import type { Assistant, Thread } from "../lib/types";
import { applied, liveRun, type LiveRun } from "../threads/live";
import { Button, Code, ErrorNote, Status, TextArea } from "../ui/ui";

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  default?: unknown;
}

/** A value that fits a schema, as small as it can be. */
function sample(schema: Schema | undefined, depth = 0): unknown {
  if (!schema || depth > 8) return null;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum?.length) return schema.enum[0];
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "object":
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, sample(property, depth + 1)]));
    case "array":
      return schema.items ? [sample(schema.items, depth + 1)] : [];
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return true;
    default:
      return "text";
  }
}

export function TryCall({ tool, assistant }: { tool: Record<string, unknown>; assistant: Assistant | null }) {
  const spec = (tool.function ?? tool.webhook) as { name: string; parameters?: Schema };
  const [text, setText] = useState(JSON.stringify(sample(spec.parameters ?? { type: "object" }), null, 2));
  const [live, setLive] = useState<LiveRun | null>(null);
  let wrong: string | null = null;
  try {
    JSON.parse(text);
  } catch (error) {
    wrong = (error as Error).message;
  }
  const call = useAction(async () => {
    const isSaved = assistant?.tools.some((saved) => JSON.stringify(saved) === JSON.stringify(tool));
    const runner = isSaved ? assistant! : await post<Assistant>("/v1/assistants", { model: "rehearsal", tools: [tool], metadata: { source: "console" } });
    const thread = await post<Thread>("/v1/threads", { messages: [{ role: "user", content: `call ${spec.name} ${JSON.stringify(JSON.parse(text))}` }] });
    let current = liveRun("", thread.id);
    setLive(current);
    const stop = new AbortController();
    try {
      await readStream(
        `/v1/threads/${thread.id}/runs`,
        { method: "POST", signal: stop.signal, body: { assistant_id: runner.id, model: "rehearsal", tool_choice: { type: "function", function: { name: spec.name } }, max_turns: 2, stream: true } },
        (event) => {
          current = applied(current, event);
          setLive(current);
        },
      );
    } finally {
      await del(`/v1/threads/${thread.id}`).catch(() => {});
      if (!isSaved) await del(`/v1/assistants/${runner.id}`).catch(() => {});
    }
  });
  const calls = live ? [...live.steps.values()].flatMap((step) => step.step_details.tool_calls ?? []) : [];
  const waits = live?.run?.status === "requires_action";
  return (
    <>
      <TextArea label="Arguments" mono rows={8} value={text} onValue={setText} error={wrong} hint="What the model would send. A webhook is really called." />
      <div class="row end"><Button kind="primary" icon="play" busy={call.busy} disabled={wrong !== null} onClick={call.run}>Call</Button></div>
      <ErrorNote error={call.error} />
      {live?.run && <p role="status"><Status value={live.run.status} /> {waits && "The call reached the client: your application would be asked for its output now."}</p>}
      {live?.run?.last_error && <div class="note bad"><bdi>{live.run.last_error.message}</bdi></div>}
      {calls.map((each) => each.function && (
        <div class="panel">
          <b class="mono">{each.function.name}</b>
          <Code label="Arguments" text={prettyJson(each.function.arguments)} />
          {each.function.output && <><div class="label">Result</div><Code label="Result" text={prettyJson(each.function.output)} /></>}
        </div>
      ))}
    </>
  );
}
