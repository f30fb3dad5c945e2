package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Json;
import dev.threadmill.guard.SecretText;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * An agent of another server that speaks A2A, to which an assistant may route a message.
 *
 * @param url where its card is: the address of the card itself if it ends in {@code .json},
 *     otherwise of what the card's usual path is below
 * @param name what models and people call it
 * @param description what it is good for; null if that is not given
 * @param headers sent with every request to the origin of {@code url}, kept like secrets; null for
 *     none
 * @param timeoutMs how long it may take to come to an end; null for the server's default
 * @param onUnknown what to do if it is unknown whether the agent received the message; null for
 *     retry
 */
@JsonPropertyOrder("type")
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RemoteAgent(
    String url,
    String name,
    String description,
    Map<String, SecretText> headers,
    Integer timeoutMs,
    WebhookSpec.OnUnknown onUnknown) {
  /** The type that distinguishes it from an assistant. */
  static final String TYPE = "a2a";

  private static final String TYPE_FIELD = "type";
  private static final int MAX_URL = 4096;
  private static final int MAX_NAME = 256;
  private static final int MAX_DESCRIPTION = 1024;
  private static final int MIN_TIMEOUT_MS = 1_000;
  private static final int MAX_TIMEOUT_MS = 600_000;

  public RemoteAgent {
    Bounds.requiredText("url", url, MAX_URL);
    WebhookSpec.requireUrl("url", url);
    Bounds.requiredText("name", name, MAX_NAME);
    Bounds.text("description", description, MAX_DESCRIPTION);
    headers = WebhookSpec.checkedHeaders(headers);
    Bounds.integer("timeout_ms", timeoutMs, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS);
  }

  /** Reads what stands among the targets. */
  static RemoteAgent of(ObjectNode node) {
    var fields = node.deepCopy();
    fields.remove(TYPE_FIELD);
    try {
      return Json.MAPPER.treeToValue(fields, RemoteAgent.class);
    } catch (JsonProcessingException e) {
      for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
        if (cause instanceof ApiException own) {
          throw own;
        }
      }
      throw ApiException.invalid(
          TYPE_FIELD,
          "Invalid target of type 'a2a': expected 'url', 'name' and, if wanted, 'description',"
              + " 'headers', 'timeout_ms', 'on_unknown'.");
    }
  }

  /** Whether an element of the targets is one of these. */
  static boolean is(JsonNode node) {
    return TYPE.equals(node.path(TYPE_FIELD).asText());
  }

  @JsonProperty("type")
  String type() {
    return TYPE;
  }

  RemoteAgent mapSecrets(ToolSecrets.SecretMapper secrets) {
    if (headers == null) {
      return this;
    }
    var origin = WebhookSpec.authority(url);
    var changed = new LinkedHashMap<String, SecretText>();
    headers.forEach(
        (header, value) ->
            changed.put(
                header,
                secrets.of(
                    "targets.%s.headers.%s".formatted(name, header.toLowerCase(Locale.ROOT)),
                    origin,
                    value)));
    return new RemoteAgent(url, name, description, changed, timeoutMs, onUnknown);
  }
}
