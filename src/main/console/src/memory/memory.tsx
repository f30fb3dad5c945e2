// The memory of a thread: what it has kept, where that comes from, and what a question would bring back.
import { get } from "../lib/api";
import { shortId } from "../lib/format";
import { useTitle } from "../lib/hooks";
import { page } from "../lib/router";
import type { Thread } from "../lib/types";
import { useLoad } from "../lib/hooks";
import { useScope } from "../session";
import { threadTabs } from "../threads/thread";
import { Confirm, Copyable, ErrorNote, PageHead, Tabs } from "../ui/ui";
import { del } from "../lib/api";
import { Facts } from "./facts";
import { ModelCalls } from "./calls";
import { Recall } from "./recall";
import { Summaries } from "./summaries";

const PARTS: [string, string][] = [
  ["summaries", "Summary"],
  ["facts", "Facts"],
  ["recall", "Recall"],
  ["calls", "Model calls"],
];

export function MemoryPage({ thread: id, tab, query }: { thread: string; tab: string; query: URLSearchParams }) {
  useTitle(`Memory of ${shortId(id)}`);
  const thread = useLoad((signal) => get<Thread>(`/v1/threads/${id}`, {}, signal), [id]);
  const mayRun = useScope("run");
  return (
    <div class="page">
      <PageHead back={{ to: page(["threads"]), text: "the threads" }} title="Memory" sub={<Copyable text={id} />}>
        {mayRun && (
          <Confirm
            small
            icon="trash"
            question="All that the thread remembers is deleted: summaries, facts and the index of its messages. The messages stay, and are not remembered again."
            confirm="Forget everything"
            onConfirm={async () => {
              await del(`/v1/threads/${id}/memory`);
              window.location.reload();
            }}
          >
            Forget everything
          </Confirm>
        )}
      </PageHead>
      <Tabs label="Parts of the thread" items={threadTabs(id)} current="memory" />
      <ErrorNote error={thread.error} />
      <nav class="segments" aria-label="Parts of the memory">
        {PARTS.map(([key, text]) => (
          <a href={page(["threads", id, "memory", key])} aria-current={tab === key ? "page" : undefined}>{text}</a>
        ))}
      </nav>
      {thread.data && tab === "summaries" && <Summaries thread={id} version={query.get("version")} mayRun={mayRun} />}
      {thread.data && tab === "facts" && <Facts thread={id} mayRun={mayRun} />}
      {thread.data && tab === "recall" && <Recall thread={id} initial={query.get("q") ?? ""} user={thread.data.metadata.user ?? null} />}
      {thread.data && tab === "calls" && <ModelCalls thread={id} />}
    </div>
  );
}
