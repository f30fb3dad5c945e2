// Two threads side by side, such as a thread and its fork: what both have is shown once.
import { useMemo } from "preact/hooks";
import { get } from "../lib/api";
import { wordDiff } from "../lib/diff";
import { plural, shortId } from "../lib/format";
import { useLoad, useTitle } from "../lib/hooks";
import { page } from "../lib/router";
import type { Message, Thread } from "../lib/types";
import { Copyable, Diff, Empty, ErrorNote, PageHead, Skeleton } from "../ui/ui";
import { MessageView } from "./message";
import { newestMessages } from "./thread";

const textOf = (message: Message): string => message.content.map((part) => part.text?.value ?? part.refusal ?? "").join("\n");

/** Copies of a fork have other ids than their sources: they are told by what they say. */
function common(left: Message[], right: Message[]): number {
  let same = 0;
  while (same < left.length && same < right.length && left[same]!.role === right[same]!.role && textOf(left[same]!) === textOf(right[same]!)) same++;
  return same;
}

export function ComparePage({ left, right }: { left: string; right: string }) {
  useTitle("Compare threads");
  const loaded = useLoad(
    async (signal) => {
      const [a, b] = await Promise.all([get<Thread>(`/v1/threads/${left}`, {}, signal), get<Thread>(`/v1/threads/${right}`, {}, signal)]);
      const [messagesA, messagesB] = await Promise.all([newestMessages(left, signal), newestMessages(right, signal)]);
      return { a, b, messagesA, messagesB };
    },
    [left, right],
  );
  const data = loaded.data;
  const shared = useMemo(() => (data ? common(data.messagesA, data.messagesB) : 0), [data]);
  return (
    <div class="page">
      <PageHead title="Compare threads" back={{ to: page(["threads", left]), text: "the thread" }} />
      <ErrorNote error={loaded.error} retry={loaded.reload} />
      {!data ? (
        !loaded.error && <Skeleton rows={6} height={84} />
      ) : (
        <>
          <p class="muted">{shared ? `${shared === 1 ? "The first message is" : `The first ${plural(shared, "message")} are`} the same in both.` : "The threads have no messages in common."} Up to a hundred of the newest messages of each are compared.</p>
          <div class="compare">
            {[{ id: left, own: data.messagesA, other: data.messagesB }, { id: right, own: data.messagesB, other: data.messagesA }].map(({ id, own, other }, side) => (
              <section aria-label={side ? "Right thread" : "Left thread"}>
                <header class="compare-head"><a href={page(["threads", id])}>{side ? "Right" : "Left"}: {shortId(id)}</a><Copyable text={id} shown="id" /></header>
                {own.slice(shared).length === 0 && <Empty icon="threads" title="Nothing beyond the common part">Open the thread and continue it in another way.</Empty>}
                {own.slice(shared).map((message, index) => {
                  const counterpart = other[shared + index];
                  return side && counterpart && counterpart.role === message.role ? (
                    <article class={`message ${message.role}`}>
                      <header><span class="author">{message.role === "assistant" ? "Assistant" : "User"}</span></header>
                      <Diff parts={wordDiff(textOf(counterpart), textOf(message))} />
                    </article>
                  ) : (
                    <MessageView message={message} author={message.role === "assistant" ? "Assistant" : "User"} />
                  );
                })}
              </section>
            ))}
          </div>
        </>
      )}
    </div>
  );
}
