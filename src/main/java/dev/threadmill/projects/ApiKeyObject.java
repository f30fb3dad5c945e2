package dev.threadmill.projects;

import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * An API key on the wire.
 *
 * @param redactedValue the first and last characters of the secret
 */
public record ApiKeyObject(
    String id, String object, String projectId, String name, String redactedValue, long createdAt) {
  private static final String OBJECT = "project.api_key";

  static ApiKeyObject of(ApiKey key) {
    return new ApiKeyObject(
        key.id, OBJECT, key.projectId, key.name, key.hint, key.createdAt.getEpochSecond());
  }

  /**
   * An API key in the response to its creation.
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
      long createdAt) {
    static WithValue of(ApiKey key, Secret secret) {
      return new WithValue(
          key.id,
          OBJECT,
          key.projectId,
          key.name,
          secret.value(),
          key.hint,
          key.createdAt.getEpochSecond());
    }
  }
}
