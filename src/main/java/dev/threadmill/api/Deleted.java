package dev.threadmill.api;

/**
 * The answer to a delete.
 *
 * @param object the kind with {@code .deleted} behind it
 */
public record Deleted(String id, String object, boolean deleted) {
  public static Deleted of(Id id, String kind) {
    return new Deleted(id.value(), kind + ".deleted", true);
  }
}
