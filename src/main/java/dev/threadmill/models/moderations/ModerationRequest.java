package dev.threadmill.models.moderations;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;

/**
 * The body of {@code POST /v1/moderations}.
 *
 * @param input a text, texts, or parts with texts and images
 * @param model null for {@link #DEFAULT_MODEL}
 */
public record ModerationRequest(JsonNode input, String model) {
  static final String DEFAULT_MODEL = "omni-moderation-latest";
  private static final int MAX_NAME = 256;
  private static final int MAX_INPUTS = 2_048;

  public ModerationRequest {
    if (model != null) {
      Bounds.requiredText("model", model, MAX_NAME);
    }
    Bounds.required("input", input == null || input.isNull() ? null : input);
    if (input.isArray()) {
      checkElements(input);
    } else if (!input.isTextual()) {
      throw ApiException.invalid(
          "input",
          "invalid_type",
          "Invalid type for 'input': expected a text, or an array of texts or parts.");
    }
  }

  private static void checkElements(JsonNode input) {
    if (input.isEmpty() || input.size() > MAX_INPUTS) {
      throw ApiException.invalid(
          "input", "Invalid 'input': expected 1 to %d elements.".formatted(MAX_INPUTS));
    }
    for (int i = 0; i < input.size(); i++) {
      var element = input.get(i);
      if (!element.isTextual() && !element.path("type").isTextual()) {
        var param = "input[%d]".formatted(i);
        throw ApiException.invalid(
            param,
            "invalid_type",
            "Invalid type for '%s': expected a text, or a part with a 'type'.".formatted(param));
      }
    }
  }

  String modelOrDefault() {
    return model == null ? DEFAULT_MODEL : model;
  }
}
