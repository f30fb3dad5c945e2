package dev.threadmill.models.response;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.ThreadMXBean;
import dev.threadmill.api.Json;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ExtraFieldsTest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final ExtraFields fields = new ExtraFields(new ExtraFields.Budget());

  @Test
  void piecesOfADetailAreJoinedAndOtherTextsReplaced() {
    fields.merge(
        Json.tree(
            "{\"details\": [{\"index\": 0, \"type\": \"t\", \"text\": \"Rome \"}], \"id\": \"a\"}"));
    fields.merge(
        Json.tree(
            "{\"details\": [{\"index\": 0, \"type\": \"t\", \"text\": \"is hot.\", \"signature\": \"s\"}], \"id\": \"b\"}"));
    fields.merge(
        Json.tree(
            "{\"details\": [{\"index\": 0, \"type\": \"u\", \"data\": \"x\"}, {\"y\": null}], \"id\": null}"));

    assertThat(fields.toJson())
        .isEqualTo(
            Json.tree(
                """
                {"details": [
                   {"index": 0, "type": "t", "text": "Rome is hot.", "signature": "s"},
                   {"index": 0, "type": "u", "data": "x"}, {}],
                 "id": "b"}"""));
  }

  /** Bytes that are allocated stand for characters that are copied. */
  @Test
  void theWorkForAMarkOfManyPiecesGrowsWithItsLength() {
    allocated(4_000);
    long once = allocated(16_000);
    long twice = allocated(32_000);

    assertThat(twice).isLessThan(3 * once);
  }

  private static long allocated(int pieces) {
    var fields = new ExtraFields(new ExtraFields.Budget());
    var piece =
        Json.tree("{\"details\": [{\"index\": 0, \"text\": \"%s\"}]}".formatted("x".repeat(32)));
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < pieces; i++) {
      fields.merge(piece);
    }
    var text = fields.toJson().at("/details/0/text").textValue();
    long after = THREADS.getCurrentThreadAllocatedBytes();
    assertThat(text).hasSize(32 * pieces);
    return after - before;
  }

  @Test
  void aPieceIsComparedWithFewOfManyDetails() {
    var comparisons = new AtomicLong();
    int details = 20_000;
    for (int i = 0; i < details; i++) {
      var piece = JSON.objectNode();
      piece.putArray("details").addObject().set("index", counted(i, comparisons));
      fields.merge(piece);
      fields.merge(piece);
    }

    assertThat(fields.toJson().path("details")).hasSize(details);
    assertThat(comparisons).hasValueLessThan(10L * details);
  }

  private static JsonNode counted(int index, AtomicLong comparisons) {
    return new IntNode(index) {
      @Override
      public boolean equals(Object other) {
        comparisons.incrementAndGet();
        return super.equals(other);
      }

      @Override
      public int hashCode() {
        return super.hashCode();
      }
    };
  }

  @Test
  void aFieldThatIsTooLargeIsLeftOutAsAWholeAndTheOthersStay() {
    var half = "x".repeat(ExtraFields.Budget.MAX_CHARACTERS / 2);
    for (int i = 0; i < 5; i++) {
      fields.merge(text("text", half));
      fields.merge(text("signature" + i, "signed"));
    }

    assertThat(fields.toJson().has("text")).isFalse();
    assertThat(fields.toJson()).hasSize(5);
  }

  @Test
  void theFieldsOfAMessageAndItsCallsAreBoundedTogether() {
    var budget = new ExtraFields.Budget();
    long kept = 0;
    for (int call = 0; call < 100; call++) {
      var ofCall = new ExtraFields(budget);
      ofCall.merge(text("mark", "x".repeat(100_000)));
      kept += ofCall.toJson().toString().length();
    }

    assertThat(kept).isBetween(4_000_000L, (long) ExtraFields.Budget.MAX_CHARACTERS);
  }

  @Test
  void aTextThatIsReplacedManyTimesNeedsRoomOnce() {
    for (int i = 0; i < 1_000; i++) {
      fields.merge(text("status", "x".repeat(10_000) + i));
    }

    assertThat(fields.toJson().path("status").textValue()).endsWith("x999");
  }

  @Test
  void whatIsTooDeepOrCannotBeStoredIsLeftOut() {
    var deep = Json.tree("[".repeat(150) + "]".repeat(150));
    fields.merge(JSON.objectNode().<ObjectNode>set("deep", deep).put("kept", 1));
    fields.merge(text("nul", "a\u0000b"));
    fields.merge(text("half", "\ud83d"));
    fields.merge(JSON.objectNode().set("inner", text("a\u0000b", "x")));
    fields.merge(text("a\u0000b", "x"));
    fields.merge(text("text", "\ud83d"));
    fields.merge(text("text", "\ude00"));

    assertThat(fields.toJson()).isEqualTo(Json.tree("{\"kept\": 1, \"text\": \"\ud83d\ude00\"}"));
  }

  private static ObjectNode text(String name, String text) {
    return JSON.objectNode().put(name, text);
  }
}
