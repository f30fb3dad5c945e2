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

/** Entries of a thread in the terms of models. What a model cannot take in is named in words. */
final class PromptMessages {
  private PromptMessages() {}

  static List<ModelMessage> of(HistoryEntry entry, ModelInfo model) {
    return switch (entry) {
      case HistoryEntry.MessageEntry said -> said(said, model);
      case HistoryEntry.CallsEntry called -> called(called);
    };
  }

  private static List<ModelMessage> said(HistoryEntry.MessageEntry said, ModelInfo model) {
    if (said.role() == Message.Role.ASSISTANT) {
      var text = ContentPart.textOf(said.content());
      return text.isEmpty() ? List.of() : List.of(new ModelMessage.Assistant(text, List.of()));
    }
    var parts = said.content().stream().map(part -> part(part, model)).toList();
    return List.of(new ModelMessage.User(parts));
  }

  private static List<ModelMessage> called(HistoryEntry.CallsEntry called) {
    var calls = called.calls();
    var messages = new ArrayList<ModelMessage>();
    messages.add(
        new ModelMessage.Assistant(
            called.reasoning().commentary(),
            calls.stream()
                .map(call -> new ModelToolCall(call.id().value(), call.name(), call.arguments()))
                .toList(),
            called.reasoning().thoughts()));
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
      case ContentPart.ImageFile image ->
          new ModelPart.Text("[file " + image.imageFile().fileId() + "]");
      case ContentPart.File file -> new ModelPart.Text("[file " + file.fileId() + "]");
    };
  }
}
