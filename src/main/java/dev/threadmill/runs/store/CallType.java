package dev.threadmill.runs.store;

import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebSearchSpec;
import java.util.EnumSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The types of tool calls. A call of another type than {@link #FUNCTION} differs from one in what
 * clients are sent, or in what is stored; the compiler names the switches that say how. The words
 * are part of the stored format and of the wire: a released one never changes.
 */
public enum CallType {
  /** A call of a function. */
  FUNCTION(ToolSpec.FUNCTION_CALL, false),
  /** A message to another assistant. */
  AGENT_ROUTING(ToolSpec.AgentRouting.TYPE, false),
  /** Code that the server runs. Its arguments are stored as the code alone. */
  CODE_INTERPRETER(ToolSpec.CodeInterpreter.TYPE, false),
  /** A search of vector stores. Forks of a thread keep its results, which citations refer to. */
  FILE_SEARCH(ToolSpec.FileSearch.TYPE, true),
  /** A search of the web. Forks of a thread keep its results, which citations refer to. */
  WEB_SEARCH(WebSearchSpec.TYPE, true),
  /** The list of the tools of an MCP server, which a run makes before its first model call. */
  MCP_LIST_TOOLS("mcp_list_tools", false),
  /** A summary of the history, which a run makes before its first model call. */
  COMPACTION("compaction", false);

  private final String word;
  private final boolean isResultForked;

  CallType(String word, boolean isResultForked) {
    this.word = word;
    this.isResultForked = isResultForked;
  }

  /** The word of the type. */
  public String word() {
    return word;
  }

  /** The type of this word; {@link #FUNCTION} for any other word. */
  public static CallType of(String word) {
    for (var type : values()) {
      if (type.word.equals(word)) {
        return type;
      }
    }
    return FUNCTION;
  }

  /** Whether runs make such calls by themselves, before their first model call. */
  public boolean isOpening() {
    return this == MCP_LIST_TOOLS || this == COMPACTION;
  }

  /** The types that no model calls, as a list in SQL. */
  static String sqlOfOpenings() {
    return sqlOf(CallType::isOpening);
  }

  /** Types whose result parts are copied with the thread, as a list in SQL. */
  static String sqlOfForkedResults() {
    return sqlOf(type -> type.isResultForked);
  }

  private static String sqlOf(Predicate<CallType> wanted) {
    return EnumSet.allOf(CallType.class).stream()
        .filter(wanted)
        .map(type -> "'" + type.word + "'")
        .collect(Collectors.joining(", ", "(", ")"));
  }
}
