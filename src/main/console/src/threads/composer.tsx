// Where messages are written and runs are started and stopped.
import { useEffect, useRef, useState } from "preact/hooks";
import { post } from "../lib/api";
import { useAction } from "../lib/hooks";
import { page } from "../lib/router";
import type { Assistant, Message, Run } from "../lib/types";
import { Button, ErrorNote } from "../ui/ui";

interface Props {
  thread: string;
  assistants: Assistant[] | null;
  preferred: string | null;
  active: Run | null;
  onRun: (run: Run) => void;
  onMessage: (message: Message) => void;
}

export function Composer({ thread, assistants, preferred, active, onRun, onMessage }: Props) {
  const [text, setText] = useState("");
  const [chosen, choose] = useState<string | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const assistant = chosen ?? (assistants?.some((each) => each.id === preferred) ? preferred : (assistants?.[0]?.id ?? ""));
  const path = `/v1/threads/${thread}`;
  useEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight + 2, 220)}px`;
  }, [text]);
  const send = useAction(async () => {
    if (text.trim()) {
      onMessage(await post<Message>(`${path}/messages`, { role: "user", content: text }));
      setText("");
    }
    if (assistant) onRun(await post<Run>(`${path}/runs`, { assistant_id: assistant }));
    area.current?.focus();
  });
  const cancel = useAction(async () => onRun(await post<Run>(`${path}/runs/${active!.id}/cancel`)));
  const isActive = active !== null;
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!isActive && !send.busy && (text.trim() || assistant)) void send.run();
  };
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); void send.run(); }}>
      <ErrorNote error={send.error ?? cancel.error} />
      <div class="composer-box">
        <label class="sr" for="composer-text">Message</label>
        <textarea id="composer-text" ref={area} rows={1} placeholder="Write a message" value={text} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={onKey} />
        <div class="composer-row">
          <label class="composer-assistant">
            <span class="sr">Answered by</span>
            <select value={assistant ?? ""} onChange={(event) => choose(event.currentTarget.value)}>
              {assistants?.map((each) => <option value={each.id}>{each.name || each.id}</option>)}
              <option value="">no answer: add the message only</option>
            </select>
          </label>
          {assistants?.length === 0 && <a class="small-text" href={page(["assistants", "new"])}>Create an assistant</a>}
          {isActive ? (
            <Button icon="stop" busy={cancel.busy || active.status === "cancelling"} onClick={cancel.run}>Stop</Button>
          ) : (
            <Button kind="primary" icon={assistant ? "send" : "plus"} type="submit" busy={send.busy} disabled={!text.trim() && !assistant}>
              {text.trim() ? (assistant ? "Send" : "Add") : "Run"}
            </Button>
          )}
        </div>
      </div>
    </form>
  );
}
