package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import java.util.List;

/**
 * What is withheld from models of an assistant's conversations.
 *
 * @param allowedEntities the kinds of personal data that may pass all the same
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PrivacyOptions(Mode mode, List<String> allowedEntities) {
  private static final int MAX_ENTITIES = 100;
  private static final int MAX_ENTITY = 64;

  /** How much is withheld. */
  public enum Mode {
    @JsonProperty("off")
    OFF,
    @JsonProperty("standard")
    STANDARD,
    @JsonProperty("strict")
    STRICT
  }

  /**
   * Refuses options that this server does not enforce. Stored options are not checked again.
   *
   * @param options null for none
   * @throws ApiException 400 for a mode other than off
   */
  static void requireEnforced(PrivacyOptions options) {
    if (options != null && options.mode() != null && options.mode() != Mode.OFF) {
      throw ApiException.invalid(
          "privacy.mode",
          "Invalid 'privacy.mode': this server does not withhold personal data from models yet."
              + " Leave it out or set it to 'off'.");
    }
  }

  public PrivacyOptions {
    allowedEntities = Bounds.list("allowed_entities", allowedEntities, MAX_ENTITIES);
    for (int i = 0; allowedEntities != null && i < allowedEntities.size(); i++) {
      Bounds.requiredText("allowed_entities[%d]".formatted(i), allowedEntities.get(i), MAX_ENTITY);
    }
  }
}
