// Which page an address means.
import { AssistantPage } from "./assistants/assistant";
import { AssistantsPage } from "./assistants/list";
import { page } from "./lib/router";
import { CallPage } from "./memory/call";
import { MemoryPage } from "./memory/memory";
import { ComparePage } from "./threads/compare";
import { ThreadsPage } from "./threads/list";
import { RunPage } from "./threads/run";
import { ThreadPage } from "./threads/thread";
import { Empty, LinkButton } from "./ui/ui";

interface Props {
  section: string;
  path: string[];
  query: URLSearchParams;
}

export function ProjectPage({ section, path, query }: Props) {
  const [first, second, third, fourth, fifth] = path;
  switch (section) {
    case "threads":
      if (!first) return <ThreadsPage query={query} />;
      if (second === "memory") return <MemoryPage key={first} thread={first} tab={third ?? "summaries"} query={query} />;
      if (second === "runs" && third && fourth === "calls" && fifth) return <CallPage key={fifth} thread={first} run={third} step={fifth} />;
      if (second === "runs" && third) return <RunPage key={third} thread={first} run={third} />;
      if (!second) return <ThreadPage key={first} thread={first} at={query.get("message")} />;
      break;
    case "compare":
      if (first && second) return <ComparePage key={first + second} left={first} right={second} />;
      break;
    case "assistants":
      if (!first) return <AssistantsPage />;
      return <AssistantPage key={first} id={first} tab={second ?? "settings"} query={query} />;
  }
  return (
    <Empty icon="search" title="There is no such page" action={<LinkButton to={page(["threads"])}>Go to the threads</LinkButton>}>
      The address may be mistyped, or it is of another version.
    </Empty>
  );
}
