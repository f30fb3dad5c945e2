package dev.threadmill.runs.context;

import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Converts entries of a thread to messages for models. Content that a model does not support is
 * replaced by a text.
 */
final class PromptMessages {
  private PromptMessages() {}

  static List<ModelMessage> of(HistoryEntry entry, ModelInfo model) {
    return switch (entry) {
      case HistoryEntry.MessageEntry message -> toModelMessages(message, model);
      case HistoryEntry.CallsEntry calls -> toModelMessages(calls);
    };
  }

  /** A summary that stands for the history before it. */
  static ModelMessage ofSummary(String summary) {
    return new ModelMessage.User(List.of(new ModelPart.Text(ThreadHistory.SUMMARY_OF + summary)));
  }

  private static List<ModelMessage> toModelMessages(
      HistoryEntry.MessageEntry message, ModelInfo model) {
    if (message.role() == Message.Role.ASSISTANT) {
      var text = ContentPart.textOf(message.content());
      return text.isEmpty() ? List.of() : List.of(new ModelMessage.Assistant(text, List.of()));
    }
    var parts = message.content().stream().map(part -> part(part, model)).toList();
    return List.of(new ModelMessage.User(parts));
  }

  private static List<ModelMessage> toModelMessages(HistoryEntry.CallsEntry entry) {
    var calls = entry.calls();
    var messages = new ArrayList<ModelMessage>();
    messages.add(
        new ModelMessage.Assistant(
            entry.reasoning().commentary(),
            calls.stream()
                .map(
                    call ->
                        new ModelToolCall(call.id().value(), call.name(), call.argumentsAsJson()))
                .toList(),
            entry.reasoning().thoughts()));
    for (var call : calls) {
      messages.add(new ModelMessage.ToolResult(call.id().value(), call.output()));
    }
    return messages;
  }

  private static String detail(ContentPart.Detail detail) {
    return detail == null ? null : detail.name().toLowerCase(Locale.ROOT);
  }

  private static ModelPart part(ContentPart part, ModelInfo model) {
    return switch (part) {
      case ContentPart.Text text -> new ModelPart.Text(text.value());
      case ContentPart.Refusal refusal -> new ModelPart.Text(refusal.refusal());
      case ContentPart.ImageUrl image ->
          model.images()
              ? new ModelPart.Image(image.imageUrl().url(), detail(image.imageUrl().detail()))
              : new ModelPart.Text("[an image, which this model cannot see]");
      case ContentPart.Audio audio ->
          model.audio()
              ? new ModelPart.Audio(audio.audio().data(), audio.audio().format())
              : new ModelPart.Text("[a sound, which this model cannot hear]");
      // PromptFiles has replaced these by what they refer to.
      case ContentPart.ImageFile image ->
          new ModelPart.Text("[file " + image.imageFile().fileId() + "]");
      case ContentPart.File(var id, var data) ->
          data == null ? new ModelPart.Text("[file " + id + "]") : new ModelPart.File(id, data);
    };
  }
}
