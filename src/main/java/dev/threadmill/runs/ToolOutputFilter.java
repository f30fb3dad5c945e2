package dev.threadmill.runs;

import dev.threadmill.guard.ContentStream;

/** The content filters for the output of one step's tools. */
interface ToolOutputFilter {
  /** Filters output that is streamed. */
  ContentStream open();

  /** Filters output that is complete. */
  String apply(String output);
}
