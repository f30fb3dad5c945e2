package dev.threadmill.tools;

/** Takes what a call reports while it is executed, on the thread that executes it. */
public interface ToolListener {
  /** Ignores everything. */
  ToolListener NONE =
      new ToolListener() {
        @Override
        public void onAttempt() {}

        @Override
        public void onOutput(String more) {}

        @Override
        public void onProgress(String more) {}

        @Override
        public void onRemoteTask(String name) {}
      };

  /** An attempt begins: the output that follows starts from its beginning. */
  void onAttempt();

  /** More of the output. No surrogate pair is split. */
  void onOutput(String more);

  /** More progress text, which is not part of the output. */
  void onProgress(String more);

  /**
   * The receiver has accepted the call and works on it under this id, by which the call can be
   * continued after a crash. The first id counts.
   */
  void onRemoteTask(String name);
}
