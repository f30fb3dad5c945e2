package dev.threadmill.runs.spec;

import dev.threadmill.runs.context.BuildSummaryPrompt;
import dev.threadmill.runs.context.ThreadHistory;

/** What models read around a summary that stands for a history. */
public final class SummaryTexts {
  private SummaryTexts() {}

  /** The instructions of a model that summarizes a conversation with these instructions. */
  public static String instructions(String own) {
    return BuildSummaryPrompt.instructions(own);
  }

  /** The last message to a model that summarizes the messages before it. */
  public static String request() {
    return BuildSummaryPrompt.request();
  }

  /** A summary as the first message of a history. */
  public static String message(String summary) {
    return ThreadHistory.SUMMARY_OF + summary;
  }
}
