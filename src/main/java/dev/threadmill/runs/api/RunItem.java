package dev.threadmill.runs.api;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.tools.ToolResult;
import java.util.List;

/** An item of the output of a run: a message, reasoning, commentary or a tool call. */
public sealed interface RunItem {
  /**
   * Which item it is.
   *
   * @param index its place among the items that started in the stream, from 0; {@link #BEFORE} for
   *     an item that started before the stream
   * @param id unique within the thread; a message and a call have the id that the Assistants API
   *     shows
   */
  record Place(int index, String id) {
    /** The index of an item that started before the stream. */
    public static final int BEFORE = -1;
  }

  /** Where an item stands. */
  enum Status {
    IN_PROGRESS,
    COMPLETED,
    /** It was cut off, because the run ended or was interrupted. */
    INCOMPLETE
  }

  /** Which item it is. */
  Place place();

  /** Where it stands. */
  Status status();

  /**
   * A message of the assistant.
   *
   * @param content empty until the message ends
   */
  record Message(Place place, Status status, List<ContentPart> content) implements RunItem {
    public Message {
      content = List.copyOf(content);
    }

    /** Its text, refusals included. */
    public String text() {
      return ContentPart.textOf(content);
    }
  }

  /**
   * Reasoning of the model, where the run shows it. A step may have several.
   *
   * @param text empty until the item ends
   * @param state what the provider wants back of the step with the outputs of its calls; null if
   *     there is none or until it is known, see {@link RunUpdate.ReasoningStored}
   */
  record Reasoning(Place place, Status status, String text, ReasoningState state)
      implements RunItem {}

  /**
   * Text beside tool calls that does not become a message.
   *
   * @param text empty until the item ends
   */
  record Commentary(Place place, Status status, String text) implements RunItem {}

  /**
   * A tool call. The id of its place is the id by which its output is submitted.
   *
   * @param type {@code function} or the type of a built-in tool
   * @param tool the tool of the run that offers the function, without its secrets; null if none
   *     does
   * @param arguments JSON text as the model wrote it; empty until the call is ready
   * @param executor null until the call is ready
   * @param routing the run of the assistant that answers; null if none does
   * @param output null while there is none
   * @param progress the progress that the tool reported so far; empty for none
   * @param details parts of the result that are not text
   * @param citations the sources that the result names
   */
  record Call(
      Place place,
      Status status,
      String type,
      String name,
      ToolSpec tool,
      String arguments,
      Executor executor,
      Routing routing,
      String output,
      String progress,
      List<ToolResult.Detail> details,
      List<ToolResult.Citation> citations)
      implements RunItem {
    public Call {
      details = List.copyOf(details);
      citations = List.copyOf(citations);
    }

    /** The run in which another assistant answers the call. */
    public record Routing(AssistantId assistant, ThreadId thread, RunId run) {}

    /** The party that provides the output of a call. */
    public enum Executor {
      /** The client, which submits it. */
      CLIENT,
      /** The server, once the client has approved the call. */
      APPROVAL,
      SERVER,
      /** Another assistant. */
      ASSISTANT,
      /** None: the call was refused, by the server or the client, and its output says why. */
      NONE;

      /** A call that waited for its approval and has ended without one was denied. */
      private static Executor of(ToolCall call, Status status) {
        boolean isDenied =
            call.executor() == ToolCall.Executor.APPROVAL
                && status == Status.COMPLETED
                && !call.isOpen();
        return isDenied ? NONE : of(call.executor());
      }

      private static Executor of(ToolCall.Executor stored) {
        return switch (stored) {
          case CLIENT -> CLIENT;
          case APPROVAL, APPROVED, APPROVED_STARTED -> APPROVAL;
          case SERVER -> SERVER;
          case ASSISTANT -> ASSISTANT;
          case REFUSED -> NONE;
        };
      }
    }

    /** A call that has just started. */
    static Call started(Place place, ToolCall call, ToolSpec tool) {
      return new Call(
          place,
          Status.IN_PROGRESS,
          call.type(),
          call.name(),
          tool,
          "",
          null,
          null,
          null,
          "",
          List.of(),
          List.of());
    }

    /** A call whose arguments are complete. */
    static Call of(Place place, Status status, ToolCall call, ToolSpec tool) {
      var routing = call.routing();
      var parts = call.parts();
      return new Call(
          place,
          status,
          call.type(),
          call.name(),
          tool,
          call.argumentsAsJson(),
          Executor.of(call, status),
          routing == null
              ? null
              : new Routing(routing.targetAssistantId(), routing.threadId(), routing.runId()),
          status == Status.IN_PROGRESS ? null : call.output(),
          call.partial().progress(),
          parts == null || status == Status.IN_PROGRESS ? List.of() : parts.details(),
          parts == null || status == Status.IN_PROGRESS ? List.of() : parts.citations());
    }
  }
}
