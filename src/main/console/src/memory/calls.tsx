// The calls of models that the runs of a thread have made, newest first.
import { get, type Page } from "../lib/api";
import { number } from "../lib/format";
import { useLoad } from "../lib/hooks";
import { page } from "../lib/router";
import type { Run, Step } from "../lib/types";
import { ENDED } from "../threads/live";
import { stepsOf } from "../threads/strip";
import { Empty, ErrorNote, Skeleton, Time } from "../ui/ui";

const RUNS = 20;

export function ModelCalls({ thread }: { thread: string }) {
  const loaded = useLoad(
    async (signal) => {
      const runs = await get<Page<Run>>(`/v1/threads/${thread}/runs`, { limit: RUNS }, signal);
      const steps = await Promise.all(runs.data.map((run) => stepsOf(thread, run.id, ENDED.has(run.status))));
      return runs.data.flatMap((run, index) => [...steps[index]!].reverse().map((step): [Run, Step] => [run, step]));
    },
    [thread],
  );
  if (!loaded.data) return loaded.error ? <ErrorNote error={loaded.error} retry={loaded.reload} /> : <Skeleton rows={5} />;
  if (!loaded.data.length) return <Empty icon="memory" title="No model was called yet">Each call that a run makes is listed here, with exactly what the model was sent.</Empty>;
  return (
    <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
      <table>
        <caption class="sr">Calls of models by the newest {RUNS} runs</caption>
        <thead><tr><th>When</th><th>Answer</th><th>Model</th><th class="num">Prompt</th><th class="num">Answer</th><th /></tr></thead>
        <tbody>
          {loaded.data.map(([run, step]) => (
            <tr>
              <td><Time at={step.created_at} /></td>
              <td>{step.type === "message_creation" ? "a message" : `calls: ${(step.step_details.tool_calls ?? []).map((call) => call.function?.name ?? call.type).join(", ")}`}</td>
              <td><bdi>{run.model}</bdi></td>
              <td class="num">{step.usage ? number(step.usage.prompt_tokens) : "–"}</td>
              <td class="num">{step.usage ? number(step.usage.completion_tokens) : "–"}</td>
              <td class="num"><a href={page(["threads", thread, "runs", run.id, "calls", step.id])}>What was sent</a></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
