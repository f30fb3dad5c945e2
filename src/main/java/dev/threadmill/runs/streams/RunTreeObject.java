package dev.threadmill.runs.streams;

import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunStatus;
import java.util.List;

/**
 * A run and those below it on the wire.
 *
 * @param parentRunId null for a run that no other has started
 * @param toolCallId the call of the parent that started it; null as above
 * @param mode {@code delegate} or {@code handoff}; null as above
 * @param requiredAction what its client has to do, by this run's own id; null for nothing
 * @param usage so far, with that of those below that have answered
 */
public record RunTreeObject(
    String id,
    String object,
    String threadId,
    String assistantId,
    String parentRunId,
    String toolCallId,
    String mode,
    RunStatus status,
    RunObject.RequiredAction requiredAction,
    RunError lastError,
    RunObject.IncompleteDetails incompleteDetails,
    Long createdAt,
    Long startedAt,
    Long cancelledAt,
    Long failedAt,
    Long completedAt,
    Usage usage,
    List<RunTreeObject> children) {}
