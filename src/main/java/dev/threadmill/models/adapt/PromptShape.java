package dev.threadmill.models.adapt;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelToolCall;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Makes the messages of a prompt fit providers that require a form: one system message, then user
 * and assistant in turn, none of them blank, and calls of no other tools than those on offer. What
 * the messages contain is kept; only its form changes.
 */
public final class PromptShape {
  private static final String GAP = "\n\n";
  private static final String NO_OUTPUT = "(no output)";
  private static final String NO_IMAGE = "[an image, which this model cannot see]";
  private static final String NO_AUDIO = "[a sound, which this model cannot hear]";
  private static final String NO_FILE = "[a file, which this model cannot read]";
  private static final String EMPTY_MESSAGE = "(empty message)";
  private static final String NO_RESPONSE = "(The response was not completed.)";
  private static final String CONTINUE = "Continue.";

  private final boolean isStrict;
  private final Set<String> offered;
  private final List<ModelMessage> shaped = new ArrayList<>();
  private final Set<String> callsAsText = new HashSet<>();
  private final StringBuilder system = new StringBuilder();

  private PromptShape(ModelRequest request, boolean isStrict) {
    this.isStrict = isStrict;
    this.offered = request.functions().stream().map(FunctionSpec::name).collect(Collectors.toSet());
  }

  /** For providers that refuse blank messages and calls of tools that are not on offer. */
  public static List<ModelMessage> withoutBlanks(ModelRequest request) {
    return new PromptShape(request, false).shape(request.messages());
  }

  /**
   * For providers whose template also wants user and assistant in turn, the user first and last.
   */
  public static List<ModelMessage> strict(ModelRequest request) {
    return new PromptShape(request, true).shape(request.messages());
  }

  /**
   * The messages without the kinds of content that the model refused. In place of a file is its
   * text, in place of others a note.
   *
   * @param sent is filled with the kinds that the messages have, as {@link ModelFacts} names them
   */
  public static List<ModelMessage> limited(
      List<ModelMessage> messages, ModelFacts facts, Set<String> sent) throws InterruptedException {
    var limited = new ArrayList<ModelMessage>();
    for (var message : messages) {
      limited.add(
          message instanceof ModelMessage.User(var parts)
              ? new ModelMessage.User(limitedParts(parts, facts, sent))
              : message);
    }
    return limited;
  }

  private static List<ModelPart> limitedParts(
      List<ModelPart> parts, ModelFacts facts, Set<String> sent) throws InterruptedException {
    if (parts.size() == 1 && parts.getFirst() instanceof ModelPart.Text) {
      return parts;
    }
    if (!facts.supports(ModelFacts.PARTS)) {
      var all = new ArrayList<String>();
      for (var part : parts) {
        all.add(asText(part));
      }
      return List.of(new ModelPart.Text(String.join(GAP, all)));
    }
    sent.add(ModelFacts.PARTS);
    var limited = new ArrayList<ModelPart>();
    for (var part : parts) {
      var kind =
          switch (part) {
            case ModelPart.Text _ -> null;
            case ModelPart.File _ -> ModelFacts.FILES;
            case ModelPart.Image _ -> ModelFacts.IMAGES;
            case ModelPart.Audio _ -> ModelFacts.AUDIO;
          };
      if (kind == null || facts.supports(kind)) {
        limited.add(part);
      } else {
        limited.add(new ModelPart.Text(asText(part)));
      }
      if (kind != null && facts.supports(kind)) {
        sent.add(kind);
      }
    }
    return limited;
  }

  private static String asText(ModelPart part) throws InterruptedException {
    return switch (part) {
      case ModelPart.Text(var text) -> text;
      case ModelPart.Image _ -> NO_IMAGE;
      case ModelPart.Audio _ -> NO_AUDIO;
      case ModelPart.File(_, var data) ->
          data == null || data.text() == null ? NO_FILE : data.text().get();
    };
  }

  /** All system messages as one, before the others. */
  public static List<ModelMessage> withOneSystem(List<ModelMessage> messages) {
    var rest = new ArrayList<ModelMessage>();
    var system = new StringBuilder();
    for (var message : messages) {
      if (message instanceof ModelMessage.System(var text)) {
        append(system, text);
      } else {
        rest.add(message);
      }
    }
    rest.addFirst(new ModelMessage.System(system.toString()));
    return rest;
  }

  /** The system message as the beginning of the first user message. */
  public static List<ModelMessage> withoutSystem(List<ModelMessage> messages) {
    var rest = new ArrayList<ModelMessage>();
    var system = new StringBuilder();
    for (var message : messages) {
      if (message instanceof ModelMessage.System(var text)) {
        append(system, text);
      } else {
        rest.add(message);
      }
    }
    if (!system.isEmpty()) {
      var text = new ModelPart.Text(system.toString());
      if (!rest.isEmpty() && rest.getFirst() instanceof ModelMessage.User(var parts)) {
        rest.set(0, new ModelMessage.User(joined(List.of(text), parts)));
      } else {
        rest.addFirst(new ModelMessage.User(List.of(text)));
      }
    }
    return rest;
  }

  private List<ModelMessage> shape(List<ModelMessage> messages) {
    boolean anyBlank = false;
    for (var message : messages) {
      switch (message) {
        case ModelMessage.System(var text) -> append(system, text);
        case ModelMessage.User(var parts) -> {
          var filled = parts.stream().filter(part -> !isBlank(part)).toList();
          anyBlank |= filled.isEmpty();
          if (!filled.isEmpty()) {
            user(filled);
          }
        }
        case ModelMessage.Assistant turn -> assistant(turn);
        case ModelMessage.ToolResult(var id, var text) -> {
          var output = text == null || text.isBlank() ? NO_OUTPUT : text;
          if (callsAsText.contains(id)) {
            user(List.of(new ModelPart.Text("[Result: " + output + "]")));
          } else {
            shaped.add(new ModelMessage.ToolResult(id, output));
          }
        }
      }
    }
    finish(anyBlank);
    if (!system.isEmpty()) {
      shaped.addFirst(new ModelMessage.System(system.toString()));
    }
    return shaped;
  }

  private void finish(boolean anyBlank) {
    boolean endsWithAssistant =
        !shaped.isEmpty()
            && shaped.getLast() instanceof ModelMessage.Assistant last
            && last.toolCalls().isEmpty();
    if (shaped.isEmpty() || endsWithAssistant && anyBlank) {
      user(List.of(new ModelPart.Text(EMPTY_MESSAGE)));
    } else if (isStrict && endsWithAssistant) {
      user(List.of(new ModelPart.Text(CONTINUE)));
    }
  }

  private void user(List<ModelPart> parts) {
    if (!shaped.isEmpty() && shaped.getLast() instanceof ModelMessage.User(var before)) {
      shaped.set(shaped.size() - 1, new ModelMessage.User(joined(before, parts)));
      return;
    }
    if (isStrict && !shaped.isEmpty() && shaped.getLast() instanceof ModelMessage.ToolResult) {
      shaped.add(new ModelMessage.Assistant(NO_RESPONSE, List.of()));
    }
    shaped.add(new ModelMessage.User(parts));
  }

  private void assistant(ModelMessage.Assistant message) {
    var text =
        new StringBuilder(message.text() == null || message.text().isBlank() ? "" : message.text());
    var calls = new ArrayList<ModelToolCall>();
    for (var call : message.toolCalls()) {
      if (offered.contains(call.name()) && isObject(call.arguments())) {
        calls.add(call);
      } else {
        callsAsText.add(call.id());
        append(text, "[Called the tool " + call.name() + " with " + call.arguments() + "]");
      }
    }
    if (text.isEmpty() && calls.isEmpty()) {
      return;
    }
    if (shaped.isEmpty() && isStrict) {
      // The template wants the user first, and this is part of what the model has to know.
      append(system, "The assistant began the conversation: " + text);
      if (calls.isEmpty()) {
        return;
      }
      text.setLength(0);
      shaped.add(new ModelMessage.User(List.of(new ModelPart.Text(CONTINUE))));
    }
    var more =
        new ModelMessage.Assistant(
            text.isEmpty() ? null : text.toString(),
            calls,
            calls.size() == message.toolCalls().size() ? message.thoughts() : null);
    if (!shaped.isEmpty()
        && shaped.getLast() instanceof ModelMessage.Assistant last
        && last.toolCalls().isEmpty()) {
      shaped.set(shaped.size() - 1, joined(last, more));
    } else {
      shaped.add(more);
    }
  }

  private static ModelMessage.Assistant joined(
      ModelMessage.Assistant first, ModelMessage.Assistant second) {
    var text = new StringBuilder(first.text() == null ? "" : first.text());
    append(text, second.text());
    return new ModelMessage.Assistant(
        text.isEmpty() ? null : text.toString(), second.toolCalls(), second.thoughts());
  }

  /** Texts that meet become one, so that a message of texts alone stays one text. */
  private static List<ModelPart> joined(List<ModelPart> first, List<ModelPart> second) {
    var parts = new ArrayList<>(first);
    for (var part : second) {
      if (part instanceof ModelPart.Text(var more)
          && !parts.isEmpty()
          && parts.getLast() instanceof ModelPart.Text(var before)) {
        parts.set(parts.size() - 1, new ModelPart.Text(before + GAP + more));
      } else {
        parts.add(part);
      }
    }
    return parts;
  }

  private static void append(StringBuilder text, String more) {
    if (more != null && !more.isBlank()) {
      text.append(text.isEmpty() ? "" : GAP).append(more);
    }
  }

  /** Templates read the arguments, and fail on what is no object. */
  private static boolean isObject(String arguments) {
    try {
      var json = Json.MAPPER.readTree(arguments);
      return json != null && json.isObject();
    } catch (JsonProcessingException _) {
      return false;
    }
  }

  private static boolean isBlank(ModelPart part) {
    return part instanceof ModelPart.Text(var text) && text.isBlank();
  }
}
