package dev.threadmill.runs.streams;

import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunStatus;
import java.util.List;

/**
 * A run with the runs below it, on the wire.
 *
 * @param parentRunId null for a run that no other run started
 * @param toolCallId the call of the parent that started it; null as above
 * @param mode {@code delegate} or {@code handoff}; null as above
 * @param requiredAction the action that the run requires; null if it requires none
 * @param usage so far, including that of runs below that have ended
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
