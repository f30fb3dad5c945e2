package dev.threadmill.runs.streams;

import dev.threadmill.api.sse.SseFormat;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.execution.StepObject;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.store.RunEvent;
import io.vertx.core.buffer.Buffer;

/** The form in which one reader receives the events of a run. */
public interface EventEncoder {
  /** The form of the Assistants API, whose bytes all readers share. */
  EventEncoder ASSISTANTS_API =
      new EventEncoder() {
        @Override
        public byte[] encode(SseFrame frame) {
          return frame.isVisible() ? frame.bytes() : null;
        }

        @Override
        public Buffer end() {
          return SseFormat.done();
        }
      };

  /** As {@link #ASSISTANTS_API}, with the contents of file searches in steps that ended. */
  EventEncoder WITH_SEARCH_CONTENTS =
      new EventEncoder() {
        @Override
        public byte[] encode(SseFrame frame) {
          var event = frame.streamEvent();
          boolean isEndedStep =
              event.event() instanceof RunEvent.StepStatusChanged(_, var state)
                  && !state.equals("in_progress");
          return isEndedStep
              ? new SseFrame(
                      frame.id(),
                      new StreamEvent(
                          event.event(),
                          event.name(),
                          StepObject.of(event.step(), true),
                          event.step(),
                          null,
                          null))
                  .bytes()
              : ASSISTANTS_API.encode(frame);
        }

        @Override
        public Buffer end() {
          return SseFormat.done();
        }
      };

  /** The bytes of an event; null for an event that the reader does not receive. */
  byte[] encode(SseFrame frame);

  /** What ends the stream; empty for nothing. */
  Buffer end();
}
