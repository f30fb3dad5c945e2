package dev.threadmill.memory.recall;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;

/** Whose memories are asked. All of them stay within one project. */
public sealed interface MemoryScope {
  /** The project that the memories belong to. */
  ProjectId project();

  /** What was said in this thread. */
  record OfThread(ProjectId project, ThreadId thread) implements MemoryScope {}

  /** What was said in all threads of this assistant. */
  record OfAssistant(ProjectId project, String assistantId) implements MemoryScope {}

  /** What was said in all threads whose metadata name this {@code user}. */
  record OfUser(ProjectId project, String userId) implements MemoryScope {}
}
