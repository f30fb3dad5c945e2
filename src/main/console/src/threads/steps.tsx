// The steps of a run: reasoning, calls of tools with their results, and the runs of other assistants below.
import { useState } from "preact/hooks";
import { oneLine, plural, prettyJson } from "../lib/format";
import { Markdown } from "../lib/markdown";
import { page } from "../lib/router";
import type { Step, ToolCall } from "../lib/types";
import { Icon } from "../ui/icons";
import { Code, Status } from "../ui/ui";
import type { LiveRun } from "./live";
import { Picture } from "./message";

const LONGEST_OUTPUT = 20_000;

const clipped = (text: string): string =>
  text.length > LONGEST_OUTPUT ? `${text.slice(0, LONGEST_OUTPUT)}\n… ${(text.length - LONGEST_OUTPUT).toLocaleString("en")} more characters` : text;

export function StepsView({ steps, nested, thread, waiting }: { steps: Step[]; nested?: Map<string, LiveRun>; thread: string; waiting?: boolean }) {
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li key={step.id}>
          {step.reasoning?.text && <Reasoning text={step.reasoning.text} live={step.status === "in_progress"} />}
          {step.commentary?.text && <Markdown text={step.commentary.text} />}
          {step.warnings?.map((warning) => <div class="note"><Icon name="warn" /><bdi>{warning}</bdi></div>)}
          {step.step_details.tool_calls?.map((call) => <CallView key={call.id} call={call} live={nested?.get(call.run_id ?? "")} state={step.status !== "in_progress" ? null : waiting ? "waiting" : "in_progress"} />)}
          {step.last_error && <div class="note bad"><Icon name="warn" /><bdi>{step.last_error.message}</bdi></div>}
          {(step.type === "message_creation" || (step.step_details.tool_calls?.length ?? 0) > 0) && (
            <a class="step-link" href={page(["threads", thread, "runs", step.run_id, "calls", step.id])}>
              {step.type === "message_creation" ? "What the model was sent for this message" : "What the model was sent for these calls"}
            </a>
          )}
        </li>
      ))}
    </ol>
  );
}

function Reasoning({ text, live }: { text: string; live: boolean }) {
  return (
    <details class="fold reasoning" open={live}>
      <summary><Icon name="brain" />Reasoning<span class="muted">{plural(text.length, "character")}</span></summary>
      <Markdown text={text} />
    </details>
  );
}

const TITLES: Record<string, string> = {
  file_search: "File search",
  web_search: "Web search",
  code_interpreter: "Code interpreter",
  mcp_list_tools: "List of tools",
  compaction: "Compaction",
};

const nameOf = (call: ToolCall): string => call.function?.name ?? TITLES[call.type] ?? call.type;

/** Whether the output of a tool is an error object. */
function failed(output: string | null | undefined): boolean {
  if (!output?.startsWith("{")) return false;
  try {
    return typeof JSON.parse(output).error === "object";
  } catch {
    return false;
  }
}

function CallView({ call, live, state }: { call: ToolCall; live?: LiveRun; state: "waiting" | "in_progress" | null }) {
  const output = call.function?.output;
  const isOpen = output === null || output === undefined;
  const isRunning = isOpen && state === "in_progress";
  const isBad = failed(output);
  const [open, setOpen] = useState(Boolean(live));
  return (
    <details class="fold call" open={open || Boolean(live && isRunning)} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon name={call.type === "agent_routing" ? "assistants" : "tool"} />
        <bdi class="mono call-name">{oneLine(nameOf(call), 80)}</bdi>
        <bdi class="muted ellipsis call-arguments">{oneLine(call.message ?? call.function?.arguments ?? "", 140)}</bdi>
        {isOpen && state ? <Status value={state} /> : isBad ? <Status value="failed" /> : null}
      </summary>
      <div class="call-body">
        {call.function && call.function.arguments !== "" && (
          <><div class="label">Arguments</div><Code label="Arguments" text={clipped(prettyJson(call.function.arguments))} /></>
        )}
        {call.function?.progress && <><div class="label">Progress</div><Code label="Progress" text={clipped(call.function.progress)} /></>}
        {call.code_interpreter && <CodeCall call={call} />}
        {call.file_search?.results && (
          <ul class="results">
            {call.file_search.results.map((result) => (
              <li>
                <a href={page(["files", result.file_id])}><bdi>{oneLine(result.file_name ?? result.file_id)}</bdi></a>
                <span class="score">{result.score.toFixed(3)}</span>
                {result.content?.map((content) => content.text && <p dir="auto">{content.text}</p>)}
              </li>
            ))}
          </ul>
        )}
        {call.type === "agent_routing" && call.run_id && (
          <div class="nested">
            <div class="row wrap">
              <a href={page(["threads", call.thread_id ?? live?.threadId ?? ""])}>Open its thread</a>
              {live?.run && <Status value={live.run.status} />}
            </div>
            {live && <LiveBelow live={live} />}
          </div>
        )}
        {!isOpen && <><div class="label">Result</div><Code label="Result" text={clipped(prettyJson(output!))} /></>}
        {isOpen && call.function && !isRunning && <p class="muted">There is no result yet.</p>}
      </div>
    </details>
  );
}

function LiveBelow({ live }: { live: LiveRun }) {
  const steps = [...live.steps.values()].filter((step) => step.type === "tool_calls");
  return (
    <>
      {steps.length > 0 && <StepsView steps={steps} nested={live.nested} thread={live.threadId} />}
      {[...live.messages.values()].map((message) => message.content.map((part) => part.text && <Markdown text={part.text.value} />))}
    </>
  );
}

function CodeCall({ call }: { call: ToolCall }) {
  return (
    <>
      <div class="label">Code</div>
      <Code label="Code" text={clipped(call.code_interpreter!.input ?? "")} />
      {call.code_interpreter!.outputs?.map((output) =>
        output.image ? <Picture file={output.image.file_id} /> : <Code label="Output" text={clipped(output.logs ?? "")} />,
      )}
    </>
  );
}
