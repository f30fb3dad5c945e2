package dev.threadmill.api;

/**
 * The response to a delete.
 *
 * @param object the kind with the suffix {@code .deleted}
 */
public record Deleted(String id, String object, boolean deleted) {
  public static Deleted of(Id id, String kind) {
    return new Deleted(id.value(), kind + ".deleted", true);
  }
}
