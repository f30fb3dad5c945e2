package dev.threadmill.assistants;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;

/**
 * Fired on this node in the transaction that changes the memory options of an assistant. A hint
 * that can be lost: a node may end right after the commit.
 *
 * @param memory the new options; null if the assistant has none
 */
public record MemoryOptionsChanged(
    ProjectId project, AssistantId assistant, MemoryOptions memory) {}
