package dev.threadmill.projects;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.privacy.detect.EntityKind;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Which personal data is replaced by tokens before it is stored or sent to a model.
 *
 * @param allowedEntities the kinds whose tokens are turned back for callers, and {@code image} and
 *     {@code audio} for those that models may read although nothing can be found in them
 * @param tools of an assistant: by the name of a tool, the kinds whose tokens are turned back in
 *     the arguments of its calls; null for none
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PrivacyOptions(
    Mode mode, List<String> allowedEntities, Map<String, List<String>> tools) {
  /** The name in {@code allowed_entities} of images. */
  public static final String IMAGE = "image";

  /** The name in {@code allowed_entities} of audio. */
  public static final String AUDIO = "audio";

  private static final int MAX_ENTITIES = 100;
  private static final int MAX_ENTITY = 64;
  private static final int MAX_TOOLS = 256;
  private static final int MAX_TOOL = 256;

  /** How much is replaced. */
  public enum Mode {
    /** Nothing. */
    @JsonProperty("off")
    OFF,
    /** Secrets, cards, IBANs and national ids. */
    @JsonProperty("standard")
    STANDARD,
    /** All kinds of personal data. */
    @JsonProperty("strict")
    STRICT
  }

  public PrivacyOptions {
    allowedEntities = entities("allowed_entities", allowedEntities);
    if (tools != null) {
      if (tools.size() > MAX_TOOLS) {
        throw ApiException.invalid(
            "tools", "Invalid 'tools': expected at most %d names.".formatted(MAX_TOOLS));
      }
      var checked = new LinkedHashMap<String, List<String>>();
      tools.forEach(
          (name, kinds) -> {
            Bounds.requiredText("tools", name, MAX_TOOL);
            checked.put(name, entities("tools." + name, kinds));
          });
      tools = checked;
    }
  }

  /**
   * Refuses names of kinds that do not exist. Stored options are not checked again.
   *
   * @param options null for none
   * @throws ApiException 400 that names the field and the kinds that exist
   */
  public static void requireKnown(PrivacyOptions options) {
    if (options == null) {
      return;
    }
    requireKnown("privacy.allowed_entities", options.allowedEntities, true);
    if (options.tools != null) {
      options.tools.forEach((name, kinds) -> requireKnown("privacy.tools." + name, kinds, false));
    }
  }

  private static void requireKnown(String param, List<String> names, boolean withMedia) {
    for (int i = 0; names != null && i < names.size(); i++) {
      var name = names.get(i);
      boolean isMedium = withMedia && (name.equals(IMAGE) || name.equals(AUDIO));
      if (EntityKind.of(name).isEmpty() && !isMedium) {
        throw ApiException.invalid(
            "%s[%d]".formatted(param, i),
            "Invalid '%s[%d]': expected one of %s.".formatted(param, i, known(withMedia)));
      }
    }
  }

  /** Whether anything is replaced. */
  public boolean isOn() {
    return mode != null && mode != Mode.OFF;
  }

  private static List<String> entities(String param, List<String> names) {
    var entities = Bounds.list(param, names, MAX_ENTITIES);
    for (int i = 0; entities != null && i < entities.size(); i++) {
      Bounds.requiredText("%s[%d]".formatted(param, i), entities.get(i), MAX_ENTITY);
    }
    return entities;
  }

  private static String known(boolean withMedia) {
    return Arrays.stream(EntityKind.values())
            .map(EntityKind::wireName)
            .collect(Collectors.joining(", "))
        + (withMedia ? ", " + IMAGE + ", " + AUDIO : "");
  }
}
