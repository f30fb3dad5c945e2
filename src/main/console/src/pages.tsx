// Which page an address means.
import { AssistantsPage } from "./assistants/list";
import { AssistantPage } from "./assistants/assistant";
import { FilesPage } from "./files/files";
import { StorePage } from "./files/store";
import { StoresPage } from "./files/stores";
import { page } from "./lib/router";
import { CallPage } from "./memory/call";
import { MemoryPage } from "./memory/memory";
import { KeysPage } from "./project/keys";
import { LogsPage } from "./project/logs";
import { NodesPage } from "./project/nodes";
import { ProjectsPage } from "./project/projects";
import { UsagePage } from "./project/usage";
import { WebhookPage, WebhooksPage } from "./project/webhooks";
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
    case "files":
      return <FilesPage file={first ?? null} />;
    case "stores":
      if (!first) return <StoresPage />;
      return <StorePage key={first} id={first} tab={second ?? "files"} file={third ?? null} query={query} />;
    case "logs":
      return <LogsPage query={query} />;
    case "usage":
      return <UsagePage query={query} />;
    case "webhooks":
      return first ? <WebhookPage key={first} id={first} query={query} /> : <WebhooksPage />;
    case "keys":
      return <KeysPage />;
    case "projects":
      return <ProjectsPage />;
    case "nodes":
      return <NodesPage />;
  }
  return (
    <Empty icon="search" title="There is no such page" action={<LinkButton to={page(["threads"])}>Go to the threads</LinkButton>}>
      The address may be mistyped, or it is of another version.
    </Empty>
  );
}
