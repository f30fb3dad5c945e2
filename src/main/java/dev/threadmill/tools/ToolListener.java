package dev.threadmill.tools;

/** Hears what a call tells while it is executed, on the thread that executes it. */
public interface ToolListener {
  /** Hears nothing. */
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

  /** A try begins: what comes now is the answer from its beginning. */
  void onAttempt();

  /** More of the answer, with no character cut in two. */
  void onOutput(String more);

  /** More words on how it goes, which are no part of the answer. */
  void onProgress(String more);

  /**
   * The receiver has taken the call and works on it under this name, by which the call can be gone
   * on with after a crash. The first name counts.
   */
  void onRemoteTask(String name);
}
