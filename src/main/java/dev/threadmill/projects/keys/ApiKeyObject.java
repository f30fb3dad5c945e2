package dev.threadmill.projects.keys;

import dev.threadmill.projects.ApiKey;
import dev.threadmill.projects.Scope;
import dev.threadmill.projects.Secret;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * An API key on the wire.
 *
 * @param redactedValue the first and last characters of the secret
 * @param lastUsedAt to the minute; null if it was never used
 * @param expiresAt null for a key that works until it is deleted
 * @param allowedAddresses null for every address
 * @param previousValueUntil until when the secret before the last rotation works; null if it does
 *     not
 */
public record ApiKeyObject(
    String id,
    String object,
    String projectId,
    String name,
    String redactedValue,
    long createdAt,
    Long lastUsedAt,
    List<Scope> scopes,
    Long expiresAt,
    List<String> allowedAddresses,
    Long previousValueUntil) {
  private static final String OBJECT = "project.api_key";

  static ApiKeyObject of(ApiKey key) {
    return new ApiKeyObject(
        key.id,
        OBJECT,
        key.projectId,
        key.name,
        key.hint,
        key.createdAt.getEpochSecond(),
        seconds(key.lastUsedAt),
        scopes(key),
        seconds(key.expiresAt),
        key.allowedAddresses == null ? null : List.of(key.allowedAddresses),
        seconds(key.previousUntil));
  }

  private static List<Scope> scopes(ApiKey key) {
    var scopes = key.scopes == null ? Scope.OF_NEW_KEYS : Scope.parse(Arrays.asList(key.scopes));
    return scopes.stream().sorted().toList();
  }

  private static Long seconds(Instant time) {
    return time == null ? null : time.getEpochSecond();
  }

  /**
   * An API key in the response to its creation and to its rotation.
   *
   * @param value the secret, which is shown only here; before {@code redacted_value}, so that a
   *     search for the first value of the response finds it
   */
  @Schema(name = "ApiKeyObjectWithValue")
  public record WithValue(
      String id,
      String object,
      String projectId,
      String name,
      String value,
      String redactedValue,
      long createdAt,
      Long lastUsedAt,
      List<Scope> scopes,
      Long expiresAt,
      List<String> allowedAddresses,
      Long previousValueUntil) {
    static WithValue of(ApiKey key, Secret secret) {
      var shown = ApiKeyObject.of(key);
      return new WithValue(
          shown.id,
          shown.object,
          shown.projectId,
          shown.name,
          secret.value(),
          shown.redactedValue,
          shown.createdAt,
          shown.lastUsedAt,
          shown.scopes,
          shown.expiresAt,
          shown.allowedAddresses,
          shown.previousValueUntil);
    }
  }
}
