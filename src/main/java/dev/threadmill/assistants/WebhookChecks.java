package dev.threadmill.assistants;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.assistants.WebhookSpec.ArgumentLocation;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Checks the definition of a webhook as a whole: every argument needs a place, and every place an
 * argument. Stored webhooks, which may be older than these checks, are not checked again.
 */
final class WebhookChecks {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{([^{}/?#&=]+)\\}");

  /** Keywords by which a schema may have properties that do not stand in its {@code properties}. */
  private static final List<String> MORE_PROPERTIES =
      List.of(
          "$ref",
          "$dynamicRef",
          "allOf",
          "anyOf",
          "oneOf",
          "if",
          "dependentSchemas",
          "patternProperties");

  private final String param;
  private final WebhookSpec spec;

  private WebhookChecks(String param, WebhookSpec spec) {
    this.param = param;
    this.spec = spec;
  }

  /**
   * Checks a webhook.
   *
   * @throws ApiException 400 that names the field below {@code param}
   */
  static void require(String param, WebhookSpec spec) {
    var checks = new WebhookChecks(param, spec);
    checks.requirePlaceholders();
    checks.requirePlacement();
    if (spec.auth() instanceof WebhookAuth.ApiKey(_, var name, var in)
        && in != WebhookAuth.ApiKey.In.QUERY
        && name != null
        && !WebhookSpec.isCredentialHeader(name)) {
      throw checks.invalid("auth.name", "the header '%s' cannot be set".formatted(name));
    }
  }

  private void requirePlaceholders() {
    var placeholder = PLACEHOLDER.matcher(spec.endpoint());
    while (placeholder.find()) {
      var name = placeholder.group(1);
      if (!mayHave(spec.parameters(), name)) {
        throw invalid(
            "endpoint", "it has '{%1$s}', but 'parameters' has no property '%1$s'".formatted(name));
      }
      var place = spec.placement() == null ? null : spec.placement().get(name);
      if (place != null && place != ArgumentLocation.PATH) {
        throw invalid(
            "placement." + name, "'endpoint' has '{%s}', so it has to be 'path'".formatted(name));
      }
    }
  }

  private void requirePlacement() {
    if (spec.placement() == null) {
      return;
    }
    int payloads = 0;
    for (var entry : spec.placement().entrySet()) {
      var name = entry.getKey();
      var field = "placement." + name;
      switch (entry.getValue()) {
        case HEADER -> {
          if (!WebhookSpec.isArgumentHeader(name)) {
            throw invalid(field, "the header '%s' cannot be set".formatted(name));
          }
        }
        case PATH -> {
          if (!spec.endpoint().contains("{" + name + "}")) {
            throw invalid(field, "'endpoint' has no '{%s}'".formatted(name));
          }
        }
        case PAYLOAD -> payloads++;
        case QUERY, BODY -> {}
      }
    }
    if (payloads > 1) {
      throw invalid("placement", "only one argument can be the 'payload'");
    }
  }

  private static boolean mayHave(JsonNode schema, String property) {
    return schema != null
        && (schema.path("properties").has(property)
            || MORE_PROPERTIES.stream().anyMatch(schema::has));
  }

  private ApiException invalid(String field, String why) {
    var full = param + "." + field;
    return ApiException.invalid(full, "Invalid '%s': %s.".formatted(full, why));
  }
}
