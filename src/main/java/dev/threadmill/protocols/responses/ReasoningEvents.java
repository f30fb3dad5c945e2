package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.protocols.responses.items.ItemIds;
import java.util.function.Function;

/**
 * The events of reasoning. An item ends when the next one starts, because only then it is known
 * what the provider wants back of it.
 */
final class ReasoningEvents {
  private final EventWriter writer;
  private final OutputItems output;
  private final boolean isSummary;
  private final Function<ReasoningState, String> seal;
  private String place;
  private ObjectNode item;
  private int index;
  private boolean isTextEnded;
  private ReasoningState state;

  /**
   * @param isSummary whether the text is shown as a summary; otherwise as the reasoning itself
   * @param seal makes the encrypted content; null if it is not wanted
   */
  ReasoningEvents(
      EventWriter writer,
      OutputItems output,
      boolean isSummary,
      Function<ReasoningState, String> seal) {
    this.writer = writer;
    this.output = output;
    this.isSummary = isSummary;
    this.seal = seal;
  }

  void started(String id) {
    flush();
    place = id;
    state = null;
    isTextEnded = false;
    item =
        Json.MAPPER
            .createObjectNode()
            .put("id", ItemIds.with(ItemIds.REASONING, id))
            .put("type", "reasoning");
    item.putArray("summary");
    item.putArray("content");
    item.putNull("encrypted_content").put("status", "in_progress");
    index = output.add(item);
    item("added");
    part("added", "");
  }

  private void item(String name) {
    var fields = EventWriter.event().put("output_index", index);
    fields.set("item", item.deepCopy());
    writer.write("response.output_item." + name, fields);
  }

  private ObjectNode at() {
    return EventWriter.event()
        .put("item_id", item.path("id").asText())
        .put("output_index", index)
        .put(isSummary ? "summary_index" : "content_index", 0);
  }

  private ObjectNode textPart(String text) {
    return Json.MAPPER
        .createObjectNode()
        .put("type", isSummary ? "summary_text" : "reasoning_text")
        .put("text", text);
  }

  private void part(String name, String text) {
    var fields = at();
    fields.set("part", textPart(text));
    writer.write(
        (isSummary ? "response.reasoning_summary_part." : "response.content_part.") + name, fields);
  }

  private String textEvent(String name) {
    return (isSummary ? "response.reasoning_summary_text." : "response.reasoning_text.") + name;
  }

  void delta(String id, String piece) {
    if (id.equals(place)) {
      writer.write(textEvent("delta"), at().put("delta", piece));
    }
  }

  void ended(String id, String text) {
    if (!id.equals(place)) {
      return;
    }
    writer.write(textEvent("done"), at().put("text", text));
    part("done", text);
    item.withArray(isSummary ? "summary" : "content").add(textPart(text));
    isTextEnded = true;
  }

  /** What the provider wants back of the step of the last item. */
  void state(ReasoningState wanted) {
    state = wanted;
  }

  /** A call starts. The item stays open until it is known what the provider wants back of it. */
  void callStarted() {
    if (seal == null) {
      flush();
    }
  }

  /** Ends the item that is open, if one is. */
  void flush() {
    if (place == null) {
      return;
    }
    if (seal != null && isTextEnded) {
      item.put("encrypted_content", seal.apply(state));
    }
    item.put("status", isTextEnded ? "completed" : "incomplete");
    item("done");
    place = null;
  }
}
