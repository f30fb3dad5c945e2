package dev.threadmill.models.embeddings;

import dev.threadmill.api.ApiException;
import java.util.ArrayList;
import java.util.List;

/** Inputs as texts, for models that take no tokens. */
final class EmbeddingTexts {
  private EmbeddingTexts() {}

  /**
   * The texts of all inputs.
   *
   * @throws ApiException 400 if tokens are none of the encoding of OpenAI's models
   */
  static List<String> decoded(EmbeddingInputs inputs, String model) {
    var texts = new ArrayList<String>(inputs.all().size());
    for (var input : inputs.all()) {
      texts.add(
          switch (input) {
            case EmbeddingInput.Text(var text) -> text;
            case EmbeddingInput.Tokens tokens -> text(tokens, texts.size(), model);
          });
    }
    return texts;
  }

  private static String text(EmbeddingInput.Tokens tokens, int index, String model) {
    try {
      return tokens.decode();
    } catch (IllegalArgumentException e) {
      throw ApiException.invalid(
          "input",
          "Invalid 'input': the tokens of element %d are none of the encoding cl100k_base. The model '%s' takes texts, or tokens of this encoding."
              .formatted(index, model));
    }
  }
}
