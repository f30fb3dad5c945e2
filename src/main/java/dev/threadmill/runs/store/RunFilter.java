package dev.threadmill.runs.store;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import java.util.List;

/**
 * Which runs of a thread are listed.
 *
 * @param statuses those to list; empty for all
 * @param after lists only runs that were created before this one; null for all
 */
public record RunFilter(
    ThreadId thread, AssistantId assistant, List<RunStatus> statuses, RunId after, int limit) {}
