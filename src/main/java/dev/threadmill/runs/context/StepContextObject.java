package dev.threadmill.runs.context;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.memory.RetrieveMemory;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import java.util.List;

/**
 * The prompt of a model call, part by part.
 *
 * @param exact whether the rebuilt prompt equals the prompt that was sent; false if messages of it
 *     were deleted since
 * @param memory the state of the memory when the prompt was built
 * @param messages the prompt itself
 */
public record StepContextObject(
    String object,
    String stepId,
    String runId,
    String threadId,
    String model,
    boolean exact,
    List<Part> parts,
    Omitted leftOut,
    RetrieveMemory.State memory,
    List<SentMessage> messages) {

  /**
   * The messages that were left out.
   *
   * @param messages how many older messages of the thread
   * @param reason {@code last_messages}, {@code max_prompt_tokens} or {@code context_window}; null
   *     if nothing was left out
   */
  record Omitted(int messages, String reason) {}

  /** A part of the prompt. */
  sealed interface Part {
    @JsonProperty("type")
    String type();

    /** Identifies the part among all parts of the thread's prompts. */
    default String key() {
      return switch (this) {
        case Instructions it -> "instructions:" + Integer.toHexString(it.text().hashCode());
        case Summary it -> "summary:" + it.version();
        case Compaction it -> "compaction:" + Integer.toHexString(it.text().hashCode());
        case Recalled it -> "recalled:" + it.source().id();
        case MessagePart it -> "message:" + it.id();
        case CallsPart it -> "tool_calls:" + String.join(",", it.toolCallIds());
        case Tool it -> "tool:" + it.function().name();
      };
    }
  }

  record Instructions(String text, int tokens) implements Part {
    @Override
    public String type() {
      return "instructions";
    }
  }

  record Summary(int version, String text, int tokens) implements Part {
    @Override
    public String type() {
      return "summary";
    }
  }

  /** The summary that stands for what the thread has before the entries that are shown. */
  record Compaction(String text, int tokens) implements Part {
    @Override
    public String type() {
      return "compaction";
    }
  }

  record Recalled(String text, double score, Source source, long createdAt, int tokens)
      implements Part {
    @Override
    public String type() {
      return "recalled";
    }
  }

  record MessagePart(String id, Message.Role role, List<ContentPart> content, int tokens)
      implements Part {
    @Override
    public String type() {
      return "message";
    }
  }

  record CallsPart(List<String> toolCallIds, int tokens) implements Part {
    @Override
    public String type() {
      return "tool_calls";
    }
  }

  record Tool(FunctionSpec function, int tokens) implements Part {
    @Override
    public String type() {
      return "tool";
    }
  }

  /**
   * A message of the prompt, as it was sent.
   *
   * @param content the text; images and audio are replaced by a short description
   * @param toolCallId for the role {@code tool}; else null
   * @param reasoning the reasoning that was sent back to the model; absent if there was none, or if
   *     the run does not show it
   */
  record SentMessage(
      String role,
      String content,
      List<ModelToolCall> toolCalls,
      String toolCallId,
      @JsonInclude(JsonInclude.Include.NON_NULL) String reasoning) {
    static SentMessage of(ModelMessage message, boolean showReasoning) {
      return switch (message) {
        case ModelMessage.System(var text) ->
            new SentMessage("system", text, List.of(), null, null);
        case ModelMessage.User(var parts) ->
            new SentMessage(
                "user",
                String.join("\n", parts.stream().map(SentMessage::text).toList()),
                List.of(),
                null,
                null);
        case ModelMessage.Assistant(var text, var calls, var thoughts) ->
            new SentMessage(
                "assistant",
                text,
                calls,
                null,
                showReasoning && thoughts != null ? thoughts.text() : null);
        case ModelMessage.ToolResult(var id, var text) ->
            new SentMessage("tool", text, List.of(), id, null);
      };
    }

    private static String text(ModelPart part) {
      return switch (part) {
        case ModelPart.Text(var text) -> text;
        case ModelPart.Image(var url, _) ->
            "[image %s]".formatted(url.length() > 200 ? url.substring(0, 200) + "…" : url);
        case ModelPart.File(_, var data) -> "[file %s]".formatted(data.filename());
        case ModelPart.Audio(_, var format) -> "[audio %s]".formatted(format);
      };
    }
  }

  /** Where a recalled text comes from. */
  record Source(String type, String id, String threadId) {}

  /** How two contexts differ, by the keys of their parts. */
  public record Difference(
      String object, String stepId, String otherStepId, List<String> added, List<String> removed) {

    /** The parts that only one of the two prompts has, by their keys. */
    public static Difference of(StepContextObject step, StepContextObject other) {
      var keys = step.parts().stream().map(Part::key).toList();
      var others = other.parts().stream().map(Part::key).toList();
      return new Difference(
          "thread.run.step.context.difference",
          step.stepId(),
          other.stepId(),
          keys.stream().filter(key -> !others.contains(key)).toList(),
          others.stream().filter(key -> !keys.contains(key)).toList());
    }
  }
}
