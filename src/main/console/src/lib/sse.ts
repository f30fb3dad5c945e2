// Streams of server-sent events, read with fetch because EventSource sends no headers.
import { ApiError, request, type Query } from "./api";

export interface StreamEvent {
  id: string | null;
  event: string;
  data: string;
}

/** Splits the lines of a stream into events. */
export function parser(emit: (event: StreamEvent) => void): (chunk: string) => void {
  let rest = "";
  let event = "message";
  let id: string | null = null;
  let data: string[] = [];
  const line = (text: string) => {
    if (text === "") {
      if (data.length) emit({ id, event, data: data.join("\n") });
      event = "message";
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + (text[colon + 1] === " " ? 2 : 1));
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
    else if (field === "id") id = value;
  };
  return (chunk) => {
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    lines.forEach(line);
  };
}

interface StreamOptions {
  method?: "GET" | "POST";
  query?: Query;
  body?: unknown;
  signal: AbortSignal;
  lastEventId?: string | null;
}

/** Reads one stream to its end. */
export async function readStream(
  path: string,
  options: StreamOptions,
  emit: (event: StreamEvent) => void,
): Promise<void> {
  const extra: Record<string, string> = { Accept: "text/event-stream" };
  if (options.lastEventId) extra["Last-Event-ID"] = options.lastEventId;
  const response = await request(options.method ?? "GET", path, {
    query: options.query,
    body: options.body,
    signal: options.signal,
    headers: extra,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const feed = parser(emit);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    feed(value);
  }
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

export type StreamState = "open" | "waiting" | "ended";

/**
 * Follows a stream until it says that it is over, and resumes it where it was after a cut. Returns how to stop.
 */
export function follow(
  path: string,
  query: Query,
  on: { event: (event: StreamEvent) => boolean | void; state?: (state: StreamState, error?: ApiError) => void },
  endless = false,
): () => void {
  const stopped = new AbortController();
  let last: string | null = null;
  const run = async () => {
    let pause = FIRST_PAUSE_MS;
    while (!stopped.signal.aborted) {
      let over = false;
      try {
        on.state?.("open");
        await readStream(path, { query, signal: stopped.signal, lastEventId: last }, (event) => {
          pause = FIRST_PAUSE_MS;
          if (event.id) last = event.id;
          if (event.event === "done" || on.event(event) === true) over = true;
        });
        if (over || !endless) {
          on.state?.("ended");
          return;
        }
      } catch (error) {
        if (stopped.signal.aborted) return;
        if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
          on.state?.("ended", error);
          return;
        }
      }
      if (over) return;
      on.state?.("waiting");
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  };
  void run();
  return () => stopped.abort();
}
