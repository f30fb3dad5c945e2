// The rows of a conversation in a list that may be thousands of messages long.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { plural } from "../lib/format";
import type { Message } from "../lib/types";
import { useVirtual } from "../lib/virtual";
import { Button, Empty } from "../ui/ui";
import type { Conversation } from "./conversation";
import { MessageView } from "./message";
import { RunStrip } from "./strip";

/** Within this distance of the end the view follows what is added. */
const NEAR_END = 120;
const NEAR_START = 600;

interface Props {
  thread: string;
  conversation: Conversation;
  names: Map<string, string>;
  focus: string | null;
  onFork?: (message: Message) => void;
}

export function ConversationView({ thread, conversation, names, focus, onFork }: Props) {
  const { rows, older, loadOlder } = conversation;
  const scroller = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(!focus);
  const first = useRef<string | null>(null);
  const focused = useRef(false);
  const virtual = useVirtual({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimate(rows[index]!),
    getItemKey: (index) => rows[index]!.id,
    overscan: 6,
    paddingStart: 8,
    paddingEnd: 16,
  });
  const total = virtual.getTotalSize();

  // Older messages are added above: what the reader sees stays where it is.
  useLayoutEffect(() => {
    const before = first.current;
    first.current = rows[0]?.id ?? null;
    if (!before || before === first.current || following) return;
    const index = rows.findIndex((row) => row.id === before);
    const element = scroller.current;
    if (index > 0 && element) {
      const start = virtual.measurementsCache[index]?.start ?? 0;
      element.scrollTop += start - 8;
    }
  }, [rows]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (following && element) element.scrollTop = element.scrollHeight;
  }, [total, rows.length, following]);

  useEffect(() => {
    if (!focus || focused.current) return;
    const index = rows.findIndex((row) => row.id === focus);
    if (index < 0) return;
    focused.current = true;
    virtual.scrollToIndex(index, { align: "center" });
  }, [focus, rows.length]);

  const onScroll = () => {
    const element = scroller.current!;
    setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END);
    if (older && element.scrollTop < NEAR_START) void loadOlder();
  };

  if (!rows.length)
    return (
      <div class="conversation">
        <Empty icon="threads" title="No messages yet">Write one below. With an assistant chosen, it answers at once.</Empty>
      </div>
    );
  return (
    <div class="conversation">
      <div class="scroller" ref={scroller} onScroll={onScroll} tabIndex={0} role="log" aria-label="Conversation" aria-live="off">
        <div class="track" style={{ height: `${total}px` }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]!;
            return (
              <div key={row.id} class="track-row" data-index={item.index} ref={(element) => { if (element) virtual.measureElement(element); }} style={{ transform: `translateY(${item.start}px)` }}>
                {row.kind === "run" ? (
                  <RunStrip thread={thread} id={row.id} run={row.run} live={row.live} names={names} onRun={conversation.attach} />
                ) : (
                  <MessageView
                    message={row.message}
                    focused={row.id === focus}
                    author={row.message.role === "assistant" ? (row.message.assistant_id && names.get(row.message.assistant_id)) || "Assistant" : "User"}
                    actions={onFork && row.message.status !== "in_progress" && <Button small kind="quiet" icon="fork" label="Fork from this message" onClick={() => onFork(row.message)} />}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
      <div class="conversation-foot">
        <span class="muted small-text" role="status">{older ? `The newest ${plural(count(conversation), "message")}, older above` : plural(count(conversation), "message")}</span>
        {!following && <Button small icon="down" onClick={() => setFollowing(true)}>To the end</Button>}
      </div>
    </div>
  );
}

const count = (conversation: Conversation): number => conversation.rows.filter((row) => row.kind === "message").length;

function estimate(row: Conversation["rows"][number]): number {
  if (row.kind === "run") return 40;
  const length = row.message.content.reduce((sum, part) => sum + (part.text?.value.length ?? 200), 0);
  return 62 + Math.ceil(Math.min(length, 8_000) / 90) * 21;
}
