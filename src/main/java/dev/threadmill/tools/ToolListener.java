package dev.threadmill.tools;

/** Hears what a call tells while it is executed, on the thread that executes it. */
public interface ToolListener {
  /** Hears nothing. */
  ToolListener NONE =
      new ToolListener() {
        @Override
        public void again() {}

        @Override
        public void output(String more) {}

        @Override
        public void progress(String more) {}

        @Override
        public void begun(String name) {}
      };

  /** A try begins: what comes now is the answer from its beginning. */
  void again();

  /** More of the answer, with no character cut in two. */
  void output(String more);

  /** More words on how it goes, which are no part of the answer. */
  void progress(String more);

  /**
   * The receiver has taken the call and works on it under this name, by which the call can be gone
   * on with after a crash. The first name counts.
   */
  void begun(String name);
}
