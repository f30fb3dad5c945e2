package dev.threadmill.vectorstores;

/** How many files of a store or a batch are in each state. */
public record FileCounts(int inProgress, int completed, int failed, int cancelled, int total) {
  static final FileCounts NONE = new FileCounts(0, 0, 0, 0, 0);

  FileCounts(int inProgress, int completed, int failed, int cancelled) {
    this(inProgress, completed, failed, cancelled, inProgress + completed + failed + cancelled);
  }
}
