package dev.threadmill.runs.api;

import dev.threadmill.threads.Message;
import dev.threadmill.tools.ToolResult;
import java.util.List;

/** An item of a thread, as front doors see it. */
public sealed interface ThreadItem {
  /** What an item is, and the id of what it shows. */
  record Key(Kind kind, String id) {}

  /** The kinds of items. */
  enum Kind {
    MESSAGE,
    REASONING,
    CALL,
    /** The output of a call that a client has submitted. */
    OUTPUT
  }

  /** Which item it is. */
  Key key();

  /** A message. */
  record OfMessage(Key key, Message message) implements ThreadItem {}

  /**
   * Reasoning of a model in a step.
   *
   * @param key with the id of the step
   */
  record OfReasoning(Key key, String text) implements ThreadItem {}

  /**
   * A tool call.
   *
   * @param key with the id of the call
   * @param type {@code function} or the type of a built-in tool
   * @param arguments JSON text as the model wrote it
   * @param output null if there is none yet
   * @param by the party that provides the output
   * @param details parts of the result that are not text
   */
  record OfCall(
      Key key,
      String type,
      String name,
      String arguments,
      String output,
      Executor by,
      List<ToolResult.Detail> details)
      implements ThreadItem {
    public OfCall {
      details = List.copyOf(details);
    }
  }

  /**
   * The output of a call that a client has submitted.
   *
   * @param key with the id of the call
   */
  record OfOutput(Key key, String output) implements ThreadItem {}

  /** The party that provides the output of a call. */
  enum Executor {
    CLIENT,
    /** The server, once the client has approved the call. */
    APPROVAL,
    SERVER
  }
}
