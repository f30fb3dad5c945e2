package dev.threadmill.projects;

import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * An API key as clients see it ever after.
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
   * An API key as the answer to its creation shows it.
   *
   * @param value the secret, which cannot be read again
   */
  @Schema(name = "ApiKeyObjectWithValue")
  public record WithValue(
      String id,
      String object,
      String projectId,
      String name,
      String redactedValue,
      long createdAt,
      String value) {
    static WithValue of(ApiKey key, Secret secret) {
      return new WithValue(
          key.id,
          OBJECT,
          key.projectId,
          key.name,
          key.hint,
          key.createdAt.getEpochSecond(),
          secret.value());
    }
  }
}
