package dev.threadmill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Random;

/** What {@link FakeProvider} answers to requests for embeddings and moderations. */
final class FakeVectors {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final List<String> MODERATION_CATEGORIES =
      List.of(
          "harassment",
          "harassment/threatening",
          "hate",
          "hate/threatening",
          "illicit",
          "illicit/violent",
          "self-harm",
          "self-harm/instructions",
          "self-harm/intent",
          "sexual",
          "sexual/minors",
          "violence",
          "violence/graphic");

  private FakeVectors() {}

  /** Flags what contains the word harm. */
  static String moderations(JsonNode body) {
    var answer = JSON.createObjectNode().put("id", "modr-fake");
    answer.put("model", body.path("model").asText());
    var results = answer.putArray("results");
    var input = body.path("input");
    for (var text : input.isArray() ? input : JSON.createArrayNode().add(input)) {
      boolean flagged = text.toString().contains("harm");
      var result = results.addObject().put("flagged", flagged);
      for (var field : List.of("categories", "category_scores", "category_applied_input_types")) {
        result.putObject(field);
      }
      for (var category : MODERATION_CATEGORIES) {
        result.withObject("/categories").put(category, flagged);
        result.withObject("/category_scores").put(category, flagged ? 0.9 : 0.1);
        result.withObject("/category_applied_input_types").putArray(category).add("text");
      }
    }
    return answer.toString();
  }

  static String embeddings(JsonNode body) {
    var answer = JSON.createObjectNode().put("object", "list");
    answer.put("model", body.path("model").asText());
    var data = answer.putArray("data");
    var input = body.path("input");
    int index = 0;
    for (var text : input.isArray() ? input : JSON.createArrayNode().add(input)) {
      var vector =
          data.addObject().put("object", "embedding").put("index", index++).putArray("embedding");
      var random = new Random(text.asText().hashCode());
      for (int i = 0; i < body.path("dimensions").asInt(384); i++) {
        vector.add(random.nextGaussian() / 20);
      }
    }
    answer.putObject("usage").put("prompt_tokens", index).put("total_tokens", index);
    return answer.toString();
  }
}
