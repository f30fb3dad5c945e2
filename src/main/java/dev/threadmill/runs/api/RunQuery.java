package dev.threadmill.runs.api;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.store.RunFilter;
import java.util.List;

/**
 * Selects runs of a thread.
 *
 * @param states those wanted; empty for all
 * @param after selects only runs that were created before this one; null for all
 * @param limit the largest number of runs to list
 */
public record RunQuery(
    ThreadId thread, AssistantId assistant, List<RunState> states, RunId after, int limit) {
  RunFilter toFilter() {
    return new RunFilter(
        thread, assistant, states.stream().map(RunState::stored).toList(), after, limit);
  }
}
