package dev.threadmill.runs.store;

import java.util.List;

/**
 * What a run does before its first model call, in a step of its own: it lists the tools of MCP
 * servers, and summarizes the history of its thread if that has grown too long.
 *
 * @param listTools the labels of the servers
 * @param compactAbove how many tokens the history may have before it is summarized; null if it
 *     never is
 * @param newTicks how many microseconds of its thread the request took that created the run; what
 *     these hold is not summarized
 * @param fromSummary whether the thread may have a summary that stands for what is before it
 */
public record RunOpening(
    List<String> listTools, Integer compactAbove, int newTicks, boolean fromSummary) {
  /** Nothing. */
  public static final RunOpening NONE = new RunOpening(List.of(), null, 0, false);

  /** What the name of a call that lists the tools of a server begins with, before its label. */
  private static final String LIST = "mcp_list_tools:";

  /** The name of a call that summarizes the history. Models cannot offer or call such names. */
  private static final String COMPACT = "compaction:";

  public RunOpening {
    listTools = List.copyOf(listTools);
  }

  /** The same, or null if there is nothing to do; what is stored. */
  RunOpening orNull() {
    return equals(NONE) ? null : this;
  }

  static RunOpening orNone(RunOpening stored) {
    return stored == null ? NONE : stored;
  }

  /** Whether the prompts of the run may begin with a summary. */
  public boolean mayHaveSummary() {
    return fromSummary || compactAbove != null;
  }

  /** The name of the call that lists the tools of a server. */
  public static String listing(String label) {
    return LIST + label;
  }

  /** The name of the call that summarizes the history. */
  public static String compaction() {
    return COMPACT;
  }

  /** The label of the server whose tools a call of this name lists. */
  public static String labelOf(String name) {
    return name.startsWith(LIST) ? name.substring(LIST.length()) : name;
  }

  /**
   * The type of a call of this name; null if it is not one of those before the first model call.
   */
  static CallType typeOf(String name) {
    if (name.startsWith(LIST)) {
      return CallType.MCP_LIST_TOOLS;
    }
    return name.equals(COMPACT) ? CallType.COMPACTION : null;
  }
}
