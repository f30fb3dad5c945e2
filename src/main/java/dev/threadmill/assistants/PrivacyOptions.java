package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.Bounds;
import java.util.List;

/**
 * What is kept from models of an assistant's conversations.
 *
 * @param allowedEntities the kinds of personal data that may pass all the same
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PrivacyOptions(Mode mode, List<String> allowedEntities) {
  private static final int MAX_ENTITIES = 100;
  private static final int MAX_ENTITY = 64;

  /** How much is kept back. */
  public enum Mode {
    @JsonProperty("off")
    OFF,
    @JsonProperty("standard")
    STANDARD,
    @JsonProperty("strict")
    STRICT
  }

  public PrivacyOptions {
    allowedEntities = Bounds.list("allowed_entities", allowedEntities, MAX_ENTITIES);
    for (int i = 0; allowedEntities != null && i < allowedEntities.size(); i++) {
      Bounds.requiredText("allowed_entities[%d]".formatted(i), allowedEntities.get(i), MAX_ENTITY);
    }
  }
}
