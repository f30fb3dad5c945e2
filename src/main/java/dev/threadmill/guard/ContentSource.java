package dev.threadmill.guard;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;

/**
 * Where a text comes from.
 *
 * @param gate which of the three ways into the server it takes
 * @param assistant null if the text belongs to no single assistant
 * @param thread null if the text belongs to no thread, or to one that is about to be created
 * @param safety the rules of strict safety; null if they do not apply
 */
public record ContentSource(
    Gate gate, ProjectId project, AssistantId assistant, ThreadId thread, SafetyPolicy safety) {

  /** The ways by which text enters the server. */
  public enum Gate {
    /**
     * What clients send: messages, instructions, edited memory, and messages between assistants.
     */
    INPUT,
    /** What a model answers: text, refusal, reasoning and the arguments of tool calls. */
    MODEL,
    /** Outputs of tools, whether the server or the client executes them. */
    TOOL
  }

  /** Text that a client sends. */
  public static ContentSource input(ProjectId project, AssistantId assistant, ThreadId thread) {
    return new ContentSource(Gate.INPUT, project, assistant, thread, null);
  }

  /** Text that a model says. */
  public static ContentSource model(ProjectId project, AssistantId assistant, ThreadId thread) {
    return new ContentSource(Gate.MODEL, project, assistant, thread, null);
  }

  /** Text that a tool answers. */
  public static ContentSource tool(ProjectId project, AssistantId assistant, ThreadId thread) {
    return new ContentSource(Gate.TOOL, project, assistant, thread, null);
  }

  /**
   * The same source under these rules.
   *
   * @param rules null if strict safety does not apply
   */
  public ContentSource under(SafetyPolicy rules) {
    return new ContentSource(gate, project, assistant, thread, rules);
  }
}
