package dev.threadmill.memory.recall;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;

/** The entries that a recall may return, all of one project. */
public sealed interface MemoryScope {
  /** The project that the entries belong to. */
  ProjectId project();

  /** The entries of a thread. */
  record OfThread(ProjectId project, ThreadId thread) implements MemoryScope {}

  /** The entries of all threads of an assistant. */
  record OfAssistant(ProjectId project, String assistantId) implements MemoryScope {}

  /** The entries of all threads with this {@code user} in their metadata. */
  record OfUser(ProjectId project, String userId) implements MemoryScope {}
}
