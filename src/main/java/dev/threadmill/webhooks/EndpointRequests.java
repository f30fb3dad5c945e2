package dev.threadmill.webhooks;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

/** The bodies of requests about webhook endpoints. */
final class EndpointRequests {
  private static final int MAX_NAME = 256;
  private static final int MAX_URL = 2048;

  private EndpointRequests() {}

  /** The body of {@code POST /v1/webhook_endpoints}. */
  record CreateWebhookEndpoint(String name, String url, List<String> eventTypes) {
    CreateWebhookEndpoint {
      Bounds.requiredText("name", name, MAX_NAME);
      checkUrl(url);
      eventTypes = EventTypes.checked(eventTypes);
    }
  }

  /** The body of {@code POST /v1/webhook_endpoints/{id}}. What is left out or null stays. */
  record ModifyWebhookEndpoint(String name, String url, List<String> eventTypes) {
    ModifyWebhookEndpoint {
      if (name != null) {
        Bounds.requiredText("name", name, MAX_NAME);
      }
      if (url != null) {
        checkUrl(url);
      }
      eventTypes = eventTypes == null ? null : EventTypes.checked(eventTypes);
    }
  }

  /**
   * The body of {@code POST …/rotate_secret}, which may be empty.
   *
   * @param keepOldSecretActiveFor24Hours null for false
   */
  record RotateSecret(
      @JsonProperty("keep_old_secret_active_for_24_hours") Boolean keepOldSecretActiveFor24Hours) {
    /**
     * Whether the old secret is to be used as well.
     *
     * @param request null for a request without a body
     */
    static boolean keepsOld(RotateSecret request) {
      return request != null && Boolean.TRUE.equals(request.keepOldSecretActiveFor24Hours());
    }
  }

  /** The body of {@code POST …/test}. */
  record TestWebhookEndpoint(String eventType) {
    TestWebhookEndpoint {
      EventTypes.require("event_type", eventType);
    }
  }

  /** The body of a request that needs one; 400 if there is none. */
  static <T> T require(T body) {
    if (body == null) {
      throw ApiException.invalid(
          null, "invalid_type", "Invalid body: expected a JSON object, got nothing.");
    }
    return body;
  }

  private static void checkUrl(String url) {
    Bounds.requiredText("url", url, MAX_URL);
    try {
      var uri = new URI(url);
      boolean isHttp =
          "https".equalsIgnoreCase(uri.getScheme()) || "http".equalsIgnoreCase(uri.getScheme());
      if (isHttp && uri.getHost() != null && uri.getRawUserInfo() == null) {
        return;
      }
    } catch (URISyntaxException e) {
      // reported below
    }
    throw ApiException.invalid(
        "url", "Invalid 'url': expected an https or http URL in plain ASCII, without a user.");
  }
}
