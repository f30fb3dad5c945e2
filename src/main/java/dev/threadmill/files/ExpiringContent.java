package dev.threadmill.files;

/** Rows with content that are deleted when their time has come. Found as CDI beans. */
public interface ExpiringContent {
  /**
   * Deletes some of those that have expired, leaving those that another node deletes.
   *
   * @param limit the most to delete
   * @return how many were deleted
   */
  int deleteExpired(int limit);
}
