package dev.threadmill.lab.chaos;

/** What a client script does. */
enum Scenario {
  /** Reads an answer while it is generated. */
  TEXT(1, 1, null, true),
  /** Answers a function call, then reads the answer. */
  FUNCTION(2, 2, MockModel.CLIENT_TOOL, true),
  /** Lets the server call a webhook, then reads the answer. */
  WEBHOOK(2, 1, MockModel.WEBHOOK_TOOL, true),
  /** Cancels at a random moment, possibly too late. */
  CANCEL(1, 1, null, true),
  /** Reads a long answer more slowly than it arrives. */
  SLOW(1, 1, null, false);

  /** The number of model calls, and of attempts, without failures. */
  final int modelCalls;

  final int attempts;

  /** The tool that the model calls first; null for none. */
  final String tool;

  /** Whether the model pauses between the words of its answer. */
  final boolean pauses;

  Scenario(int modelCalls, int attempts, String tool, boolean pauses) {
    this.modelCalls = modelCalls;
    this.attempts = attempts;
    this.tool = tool;
    this.pauses = pauses;
  }
}
