package dev.threadmill.protocols.responses.request;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.threadmill.api.ApiException;
import java.util.Map;

/** Fields that a container has in both places where clients ask for one. */
public final class ContainerFields {
  private static final Map<String, Integer> MEGABYTES =
      Map.of("1g", 1024, "4g", 4096, "16g", 16_384, "64g", 65_536);

  private ContainerFields() {}

  /**
   * The memory that code is to have; null if it is not given. All sessions of a server have the
   * same.
   *
   * @param available what a session of this server has, in MiB
   * @throws ApiException 400 if it is another size
   */
  public static String memoryLimit(String param, JsonNode given, int available) {
    if (RequestFields.isAbsent(given)) {
      return null;
    }
    var wanted = MEGABYTES.get(given.asText());
    if (wanted == null) {
      throw ApiException.invalid(
          param, "Invalid '%s': expected one of '1g', '4g', '16g', '64g'.".formatted(param));
    }
    if (wanted != available) {
      throw ApiException.invalid(
          param,
          "unsupported_value",
          "Invalid '%s': code has %d MiB of memory on this server.".formatted(param, available));
    }
    return given.asText();
  }

  /**
   * The name of the memory that a session of this server has; null if it is of another size.
   *
   * @param available in MiB
   */
  public static String memoryOfServer(int available) {
    return MEGABYTES.entrySet().stream()
        .filter(size -> size.getValue() == available)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(null);
  }

  /** As {@link #memoryLimit(String, JsonNode, int)}, of a limit that is given. */
  public static String memoryLimit(String param, String given, int available) {
    return memoryLimit(param, TextNode.valueOf(given), available);
  }

  /**
   * Code has no network here.
   *
   * @throws ApiException 400 if it is to have some
   */
  public static void requireNoNetwork(String param, JsonNode policy) {
    if (!RequestFields.isAbsent(policy) && !policy.path("type").asText().equals("disabled")) {
      throw ApiException.invalid(
          param + ".type",
          "unsupported_value",
          "Invalid '%s.type': code has no network on this server. Expected 'disabled'."
              .formatted(param));
    }
  }
}
