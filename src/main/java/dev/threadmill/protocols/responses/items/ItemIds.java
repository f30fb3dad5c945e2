package dev.threadmill.protocols.responses.items;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.StepId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.runs.api.ThreadItem;
import java.util.Map;
import java.util.Optional;

/**
 * The ids of the Responses API, which name the same rows as those of the Assistants API: only the
 * prefix differs.
 */
public final class ItemIds {
  public static final String CONVERSATION = "conv_";
  public static final String REASONING = "rs_";
  public static final String OUTPUT = "fco_";
  public static final String FUNCTION_CALL = "fc_";
  public static final String CUSTOM_CALL = "ctc_";
  public static final String MCP_CALL = "mcp_";
  public static final String APPROVAL = "mcpr_";
  public static final String FILE_SEARCH = "fs_";
  public static final String CODE = "ci_";
  public static final String WEB_SEARCH = "ws_";
  public static final String COMPACTION = "cmp_";
  public static final String MCP_LIST = "mcpl_";
  public static final String CONTAINER_FILE = "cfile_";

  private static final Map<String, ThreadItem.Kind> KINDS =
      Map.ofEntries(
          Map.entry(MessageId.PREFIX, ThreadItem.Kind.MESSAGE),
          Map.entry(REASONING, ThreadItem.Kind.REASONING),
          Map.entry(OUTPUT, ThreadItem.Kind.OUTPUT),
          Map.entry(FUNCTION_CALL, ThreadItem.Kind.CALL),
          Map.entry(CUSTOM_CALL, ThreadItem.Kind.CALL),
          Map.entry(MCP_CALL, ThreadItem.Kind.CALL),
          Map.entry(APPROVAL, ThreadItem.Kind.CALL),
          Map.entry(FILE_SEARCH, ThreadItem.Kind.CALL),
          Map.entry(CODE, ThreadItem.Kind.CALL),
          Map.entry(WEB_SEARCH, ThreadItem.Kind.CALL),
          Map.entry(COMPACTION, ThreadItem.Kind.CALL),
          Map.entry(MCP_LIST, ThreadItem.Kind.CALL));

  private ItemIds() {}

  /** The id with another prefix. */
  public static String with(String prefix, String id) {
    return prefix + id.substring(id.indexOf('_') + 1);
  }

  /** The id of a file as one of a container. */
  public static String containerFile(String file) {
    return CONTAINER_FILE + file.substring(FileId.PREFIX.length());
  }

  /** The conversation that is this thread. */
  public static String conversation(ThreadId thread) {
    return with(CONVERSATION, thread.value());
  }

  /**
   * The thread of a conversation, which may be named by either id.
   *
   * @throws ApiException 404 if it is the id of neither
   */
  public static ThreadId thread(String conversation) {
    try {
      return new ThreadId(
          conversation.startsWith(CONVERSATION)
              ? with(ThreadId.PREFIX, conversation)
              : conversation);
    } catch (ApiException e) {
      throw ItemErrors.noConversation(conversation);
    }
  }

  /** What an id of an item names; empty if it is no such id. */
  public static Optional<ThreadItem.Key> key(String item) {
    var kind = KINDS.get(item.substring(0, item.indexOf('_') + 1));
    if (kind == null) {
      return Optional.empty();
    }
    var stored =
        switch (kind) {
          case MESSAGE -> item;
          case REASONING -> stepOf(item);
          case CALL, OUTPUT -> with(ToolCallId.PREFIX, item);
        };
    return Optional.of(new ThreadItem.Key(kind, stored));
  }

  /** The id of an item of reasoning may have the place of its text in the step behind a dash. */
  private static String stepOf(String item) {
    var step = with(StepId.PREFIX, item);
    return step.matches(".*-\\d{1,4}") ? step.substring(0, step.lastIndexOf('-')) : step;
  }
}
