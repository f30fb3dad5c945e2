package dev.threadmill.webhooks;

import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** An endpoint on the wire, as the official SDKs know it. Times are Unix seconds. */
@Schema(name = "WebhookEndpoint")
public record EndpointObject(
    String id,
    String object,
    long createdAt,
    long updatedAt,
    String name,
    String url,
    List<String> eventTypes,
    String signingSecretHint) {
  private static final String OBJECT = "webhook_endpoint";

  static EndpointObject of(WebhookEndpoint endpoint) {
    return new EndpointObject(
        endpoint.id(),
        OBJECT,
        endpoint.createdAt().getEpochSecond(),
        endpoint.updatedAt().getEpochSecond(),
        endpoint.name(),
        endpoint.url(),
        endpoint.eventTypes(),
        endpoint.hint());
  }

  /**
   * An endpoint with its signing secret, which is shown once.
   *
   * @param signingSecret in the form of Standard Webhooks
   */
  @Schema(name = "WebhookEndpointWithSecret")
  public record WithSecret(
      String id,
      String object,
      long createdAt,
      long updatedAt,
      String name,
      String url,
      List<String> eventTypes,
      String signingSecretHint,
      String signingSecret) {
    static WithSecret of(WebhookEndpoint endpoint, String secret) {
      var shown = EndpointObject.of(endpoint);
      return new WithSecret(
          shown.id(),
          shown.object(),
          shown.createdAt(),
          shown.updatedAt(),
          shown.name(),
          shown.url(),
          shown.eventTypes(),
          shown.signingSecretHint(),
          secret);
    }
  }
}
