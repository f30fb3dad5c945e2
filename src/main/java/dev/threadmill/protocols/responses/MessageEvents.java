package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.MessageId;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ItemObjects;
import dev.threadmill.protocols.responses.items.SourceNames;
import dev.threadmill.threads.Annotation;
import dev.threadmill.threads.ContentPart;
import java.util.ArrayList;
import java.util.List;

/** The events of messages of the assistant, of which one at a time is open. */
final class MessageEvents {
  private final EventWriter writer;
  private final OutputItems output;
  private final SourceNames names;
  private String place;
  private ObjectNode item;
  private int index;
  private boolean isPartOpen;
  private int annotations;
  private StringBuilder text;
  private StringBuilder refusal;

  MessageEvents(EventWriter writer, OutputItems output, SourceNames names) {
    this.names = names;
    this.writer = writer;
    this.output = output;
  }

  /**
   * A message starts.
   *
   * @param phase null for none
   */
  void started(String id, String phase) {
    place = id;
    text = new StringBuilder();
    refusal = new StringBuilder();
    isPartOpen = false;
    annotations = 0;
    item =
        Json.MAPPER
            .createObjectNode()
            .put("id", ItemIds.with(MessageId.PREFIX, id))
            .put("type", "message")
            .put("status", "in_progress")
            .put("role", "assistant");
    item.putArray("content");
    if (phase != null) {
      item.put("phase", phase);
    }
    index = output.add(item);
    item("added");
  }

  private void item(String name) {
    var fields = EventWriter.event().put("output_index", index);
    fields.set("item", item.deepCopy());
    writer.write("response.output_item." + name, fields);
  }

  private String itemId() {
    return item.path("id").asText();
  }

  private ObjectNode at(int content) {
    return EventWriter.event()
        .put("item_id", itemId())
        .put("output_index", index)
        .put("content_index", content);
  }

  private void part(String name, int content, ObjectNode part) {
    var fields = at(content);
    fields.set("part", part);
    writer.write("response.content_part." + name, fields);
  }

  /** More text. */
  void delta(String id, String piece) {
    if (!id.equals(place)) {
      return;
    }
    if (!isPartOpen) {
      isPartOpen = true;
      part("added", 0, ItemObjects.outputText("", List.of(), names));
    }
    text.append(piece);
    var fields = at(0).put("delta", piece);
    fields.putArray("logprobs");
    writer.write("response.output_text.delta", fields);
  }

  /** More of a refusal. Its part follows that of the text, if there is one. */
  void refusalDelta(String id, String piece) {
    if (!id.equals(place) || piece.isEmpty()) {
      return;
    }
    int content = isPartOpen ? 1 : 0;
    if (refusal.isEmpty()) {
      part("added", content, refusalPart(""));
    }
    refusal.append(piece);
    writer.write("response.refusal.delta", at(content).put("delta", piece));
  }

  /** The text so far has an annotation. */
  void annotation(String id, int place, Annotation annotation) {
    if (id.equals(this.place) && isPartOpen && place == annotations) {
      annotations++;
      var fields = at(0).put("annotation_index", place);
      fields.set("annotation", ItemObjects.annotation(annotation, names));
      writer.write("response.output_text.annotation.added", fields);
    }
  }

  /** The message ends. Nothing of one that started before the stream is shown. */
  void ended(String id, List<ContentPart> content, boolean isComplete) {
    if (!id.equals(place)) {
      return;
    }
    var parts = content.isEmpty() ? streamed() : content;
    for (int i = 0; i < parts.size(); i++) {
      switch (parts.get(i)) {
        case ContentPart.Text whole -> text(i, whole);
        case ContentPart.Refusal(var refusal) -> refusal(i, refusal);
        case ContentPart.ImageFile _,
            ContentPart.ImageUrl _,
            ContentPart.File _,
            ContentPart.Audio _ -> {
          // Models write none of these; files that tools make are annotations.
        }
      }
    }
    item.put("status", isComplete ? "completed" : "incomplete");
    item("done");
    place = null;
  }

  /** What was streamed of a message that ends without its content. */
  private List<ContentPart> streamed() {
    var parts = new ArrayList<ContentPart>();
    if (isPartOpen) {
      parts.add(ContentPart.text(text.toString()));
    }
    if (!refusal.isEmpty()) {
      parts.add(ContentPart.refusal(refusal.toString()));
    }
    return parts;
  }

  private void text(int content, ContentPart.Text whole) {
    if (content > 0 || !isPartOpen) {
      part("added", content, ItemObjects.outputText("", List.of(), names));
    }
    var streamed = content == 0 ? text.toString() : "";
    if (whole.value().length() > streamed.length() && whole.value().startsWith(streamed)) {
      var fields = at(content).put("delta", whole.value().substring(streamed.length()));
      fields.putArray("logprobs");
      writer.write("response.output_text.delta", fields);
    }
    var all = whole.text().annotations();
    for (int i = content == 0 ? annotations : 0; i < all.size(); i++) {
      var fields = at(content).put("annotation_index", i);
      fields.set("annotation", ItemObjects.annotation(all.get(i), names));
      writer.write("response.output_text.annotation.added", fields);
    }
    var fields = at(content).put("text", whole.value());
    fields.putArray("logprobs");
    writer.write("response.output_text.done", fields);
    var part = ItemObjects.outputText(whole.value(), all, names);
    part("done", content, part);
    item.withArray("content").add(part);
  }

  private void refusal(int content, String whole) {
    var streamed = refusal.toString();
    if (streamed.isEmpty()) {
      part("added", content, refusalPart(""));
    }
    if (whole.length() > streamed.length() && whole.startsWith(streamed)) {
      var rest = whole.substring(streamed.length());
      writer.write("response.refusal.delta", at(content).put("delta", rest));
    }
    writer.write("response.refusal.done", at(content).put("refusal", whole));
    part("done", content, refusalPart(whole));
    item.withArray("content").add(refusalPart(whole));
  }

  private static ObjectNode refusalPart(String refusal) {
    return Json.MAPPER.createObjectNode().put("type", "refusal").put("refusal", refusal);
  }
}
