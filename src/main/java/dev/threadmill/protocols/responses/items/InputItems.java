package dev.threadmill.protocols.responses.items;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.models.FileData;
import dev.threadmill.runs.spec.ThreadEntry;
import java.util.List;
import java.util.Map;

/**
 * The items that a client sends, as a thread takes them.
 *
 * @param entries messages and tool calls in their order; outputs stand with their calls
 * @param outputs of calls that are not among the entries, by {@code call_id}
 * @param approvals decisions on calls that wait for an approval, by the id of the request
 * @param system the text of system messages; empty if there is none
 * @param items as the client sent them, without what was left out
 * @param files that were stored for the items, by their ids
 */
public record InputItems(
    List<ThreadEntry> entries,
    Map<String, String> outputs,
    Map<String, String> approvals,
    String system,
    List<JsonNode> items,
    Map<String, FileData> files) {
  public InputItems {
    entries = List.copyOf(entries);
    outputs = Map.copyOf(outputs);
    approvals = Map.copyOf(approvals);
    items = List.copyOf(items);
    files = Map.copyOf(files);
  }

  /** The first call that has no output; null if there is none. */
  public String firstOpenCall() {
    for (var entry : entries) {
      if (entry instanceof ThreadEntry.OfCalls(var calls, _)) {
        for (var call : calls) {
          if (call.output() == null) {
            return call.id();
          }
        }
      }
    }
    return null;
  }
}
