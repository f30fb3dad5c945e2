package dev.threadmill.runs.execution;

import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;

/**
 * An event of a run and what clients are told of it.
 *
 * @param name the SSE event's name; null if clients are told nothing
 * @param data the wire object, or its JSON text
 * @param step the step that the event is about; null if it is about none
 */
public record StreamEvent(RunEvent event, String name, Object data, Step step) {}
