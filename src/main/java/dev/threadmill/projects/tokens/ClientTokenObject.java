package dev.threadmill.projects.tokens;

import dev.threadmill.projects.Secret;
import java.time.Instant;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * A client token on the wire.
 *
 * @param assistants those that it may run; null for all of the project
 * @param origins of the pages that may use it; null for all
 * @param redactedValue the first and last characters of the secret
 * @param lastUsedAt to the minute; null if it was never used
 */
public record ClientTokenObject(
    String id,
    String object,
    String projectId,
    String user,
    List<String> assistants,
    List<String> origins,
    String redactedValue,
    long createdAt,
    long expiresAt,
    Long lastUsedAt) {
  /** The kind on the wire. */
  static final String OBJECT = "client_token";

  static ClientTokenObject of(ClientToken token) {
    return new ClientTokenObject(
        token.id().value(),
        OBJECT,
        token.project().value(),
        token.user(),
        token.assistants(),
        token.origins(),
        token.hint(),
        token.createdAt().getEpochSecond(),
        token.expiresAt().getEpochSecond(),
        seconds(token.lastUsedAt()));
  }

  private static Long seconds(Instant time) {
    return time == null ? null : time.getEpochSecond();
  }

  /**
   * A client token in the response to its creation and its refresh.
   *
   * @param value the secret, which is shown only here
   */
  @Schema(name = "ClientTokenWithValue")
  public record WithValue(
      String id,
      String object,
      String value,
      String projectId,
      String user,
      List<String> assistants,
      List<String> origins,
      String redactedValue,
      long createdAt,
      long expiresAt,
      Long lastUsedAt) {
    static WithValue of(ClientToken token, Secret secret) {
      var shown = ClientTokenObject.of(token);
      return new WithValue(
          shown.id,
          shown.object,
          secret.value(),
          shown.projectId,
          shown.user,
          shown.assistants,
          shown.origins,
          shown.redactedValue,
          shown.createdAt,
          shown.expiresAt,
          shown.lastUsedAt);
    }
  }
}
