// One thread: its conversation, what is going on in it, and what can be done with it.
import { useEffect, useRef, useState } from "preact/hooks";
import { all, del, get, post, type Page } from "../lib/api";
import { oneLine, shortId } from "../lib/format";
import { useAction, useLoad, useTitle } from "../lib/hooks";
import { navigate, page } from "../lib/router";
import type { Assistant, Message, Thread } from "../lib/types";
import { useScope } from "../session";
import { Badge, Button, Confirm, Copyable, Dialog, Empty, ErrorNote, LinkButton, PageHead, Skeleton, Status, Tabs, TextArea } from "../ui/ui";
import { Composer } from "./composer";
import { useConversation } from "./conversation";
import { ConversationView } from "./conversation-view";
import { ENDED } from "./live";

export const threadTabs = (thread: string) => [
  { key: "conversation", text: "Conversation", to: page(["threads", thread]) },
  { key: "memory", text: "Memory", to: page(["threads", thread, "memory"]) },
];

export function ThreadPage({ thread: id, at }: { thread: string; at: string | null }) {
  useTitle(`Thread ${shortId(id)}`);
  const thread = useLoad((signal) => get<Thread>(`/v1/threads/${id}`, {}, signal), [id]);
  const assistants = useLoad(() => all<Assistant>("/v1/assistants"), []);
  const conversation = useConversation(id, at);
  const mayRun = useScope("run");
  const [fork, setFork] = useState<Message | null>(null);
  const active = [...conversation.runs.values()].find((run) => !ENDED.has(run.status));
  if (thread.error?.status === 404)
    return (
      <Empty icon="threads" title="There is no such thread" action={<LinkButton to={page(["threads"])}>Go to the threads</LinkButton>}>
        It may have been deleted, or it belongs to another project.
      </Empty>
    );
  const names = new Map((assistants.data ?? []).map((each) => [each.id, each.name || shortId(each.id)]));
  return (
    <div class="page fill">
      <PageHead
        back={{ to: page(["threads"]), text: "the threads" }}
        title={<bdi>{title(conversation.rows[0]?.kind === "message" ? conversation.rows[0].message : null, conversation.older)}</bdi>}
        sub={<>
          <Copyable text={id} />
          {thread.data?.status === "archived" && <Status value="archived" />}
          {thread.data?.forked_from && (
            <Badge>
              <a href={page(["threads", thread.data.forked_from.thread_id], { message: thread.data.forked_from.message_id })}>forked</a>
              {" · "}
              <a href={page(["compare", thread.data.forked_from.thread_id, id])}>compare</a>
            </Badge>
          )}
          {Object.entries(thread.data?.metadata ?? {}).map(([name, value]) => <Badge title={`${name} = ${value}`}>{oneLine(`${name}: ${value}`, 40)}</Badge>)}
        </>}
      >
        {mayRun && thread.data && <ThreadActions thread={thread.data} onChange={thread.reload} />}
      </PageHead>
      <Tabs label="Parts of the thread" items={threadTabs(id)} current="conversation" />
      <ErrorNote error={thread.error ?? conversation.error} retry={() => { thread.reload(); conversation.reload(); }} />
      {conversation.loading ? (
        <Skeleton rows={6} height={84} />
      ) : (
        <ConversationView thread={id} conversation={conversation} names={names} focus={at} onFork={mayRun ? setFork : undefined} />
      )}
      {mayRun && thread.data?.status !== "archived" && (
        <Composer
          key={id}
          thread={id}
          assistants={assistants.data}
          preferred={thread.data?.assistant_id ?? active?.assistant_id ?? [...conversation.runs.values()][0]?.assistant_id ?? null}
          active={active ?? null}
          onRun={conversation.attach}
          onMessage={(message) => conversation.setMessages((old) => [...old.filter((each) => each.id !== message.id), message])}
        />
      )}
      {fork && <ForkDialog thread={id} message={fork} onClose={() => setFork(null)} />}
    </div>
  );
}

function title(first: Message | null, older: boolean): string {
  const text = first?.content.find((part) => part.text)?.text?.value;
  return text && !older ? oneLine(text, 90) : "Thread";
}

function ThreadActions({ thread, onChange }: { thread: Thread; onChange: () => void }) {
  const [editing, edit] = useState(false);
  const archive = useAction(async () => {
    await post(`/v1/threads/${thread.id}`, { status: thread.status === "archived" ? "active" : "archived" });
    onChange();
  });
  return (
    <>
      <Button small icon="edit" onClick={() => edit(true)}>Metadata</Button>
      <Button small busy={archive.busy} onClick={archive.run}>{thread.status === "archived" ? "Activate" : "Archive"}</Button>
      <Confirm
        small
        icon="trash"
        question="The thread is deleted with its messages, runs and memory. This cannot be undone."
        confirm="Delete the thread"
        onConfirm={async () => {
          await del(`/v1/threads/${thread.id}`);
          navigate(page(["threads"]));
        }}
      >
        Delete
      </Confirm>
      {editing && <MetadataDialog thread={thread} onClose={() => edit(false)} onChange={onChange} />}
    </>
  );
}

function MetadataDialog({ thread, onClose, onChange }: { thread: Thread; onClose: () => void; onChange: () => void }) {
  const [text, setText] = useState(JSON.stringify(thread.metadata, null, 2));
  let wrong: string | null = null;
  try {
    const value = JSON.parse(text);
    if (!value || typeof value !== "object" || Array.isArray(value)) wrong = "Expected an object, such as {\"user\": \"ada\"}.";
    else if (Object.values(value).some((each) => typeof each !== "string")) wrong = "All values are texts.";
  } catch (error) {
    wrong = (error as Error).message;
  }
  const save = useAction(async () => {
    await post(`/v1/threads/${thread.id}`, { metadata: JSON.parse(text) });
    onChange();
    onClose();
  });
  return (
    <Dialog title="Metadata of the thread" onClose={onClose}>
      <TextArea label="Metadata" mono rows={8} value={text} onValue={setText} error={wrong} hint="Up to 16 pairs. The value of user says whose thread it is." />
      <ErrorNote error={save.error} />
      <div class="row end"><Button kind="primary" disabled={wrong !== null} busy={save.busy} onClick={save.run}>Save</Button></div>
    </Dialog>
  );
}

function ForkDialog({ thread, message, onClose }: { thread: string; message: Message; onClose: () => void }) {
  const fork = useAction(async (compare: boolean) => {
    const made = await post<Thread>(`/v1/threads/${thread}/fork`, { message_id: message.id });
    navigate(compare ? page(["compare", thread, made.id]) : page(["threads", made.id]));
  });
  const first = useRef<HTMLDivElement>(null);
  useEffect(() => first.current?.querySelector("button")?.focus(), []);
  return (
    <Dialog title="Fork the thread" onClose={onClose}>
      <p>A new thread is made with copies of all messages up to this one. The thread itself does not change.</p>
      <blockquote dir="auto">{oneLine(message.content.map((part) => part.text?.value ?? "").join(" "), 240)}</blockquote>
      <ErrorNote error={fork.error} />
      <div class="row end" ref={first}>
        <Button busy={fork.busy} onClick={() => fork.run(true)}>Fork and compare</Button>
        <Button kind="primary" icon="fork" busy={fork.busy} onClick={() => fork.run(false)}>Fork</Button>
      </div>
    </Dialog>
  );
}

/** The messages of a thread, at most a hundred, oldest first. */
export async function newestMessages(thread: string, signal?: AbortSignal): Promise<Message[]> {
  const found = await get<Page<Message>>(`/v1/threads/${thread}/messages`, { order: "desc", limit: 100 }, signal);
  return found.data.reverse();
}
