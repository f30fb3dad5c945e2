package dev.threadmill.lab.chaos;

/** What happens in a story, beside what happens to it. */
enum Scenario {
  /** An answer that is read as it comes. */
  TEXT(1, 1, null, true),
  /** A function that the client has to answer, then the answer. */
  FUNCTION(2, 2, MockModel.CLIENT_TOOL, true),
  /** A webhook that the server calls, then the answer. */
  WEBHOOK(2, 1, MockModel.WEBHOOK_TOOL, true),
  /** The client cancels at some moment, perhaps too late. */
  CANCEL(1, 1, null, true),
  /** A long answer that comes faster than the client reads. */
  SLOW(1, 1, null, false);

  /** How often the model is called, and the run taken up, when nothing is killed. */
  final int modelCalls;

  final int attempts;

  /** The tool that the model calls first; null for none. */
  final String tool;

  /** Whether the words of the answer come one by one. */
  final boolean pauses;

  Scenario(int modelCalls, int attempts, String tool, boolean pauses) {
    this.modelCalls = modelCalls;
    this.attempts = attempts;
    this.tool = tool;
    this.pauses = pauses;
  }
}
