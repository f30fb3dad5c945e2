package dev.threadmill.runs.live;

import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.TapeEvent;

/**
 * An event of a run and what clients are told of it.
 *
 * @param name the SSE event's name; null if clients are told nothing
 * @param data the wire object, or its JSON text
 * @param step the step that the event is about; null if it is about none
 */
public record Told(TapeEvent event, String name, Object data, Step step) {}
