package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.Sha256;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.runs.spec.ThreadEntry;
import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.CreateMessage;
import dev.threadmill.threads.PrepareMessages;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Validates and filters what is added to a thread. Not to be called within a transaction. */
@ApplicationScoped
public class PrepareEntries {
  private static final int ID_DIGITS = 24;

  private final PrepareMessages prepareMessages;
  private final ContentGate gate;
  private final Ids ids;

  PrepareEntries(PrepareMessages prepareMessages, ContentGate gate, Ids ids) {
    this.prepareMessages = prepareMessages;
    this.gate = gate;
    this.ids = ids;
  }

  /**
   * The messages and entries of a run.
   *
   * @throws ApiException 400 if a file does not exist or a content filter rejects a text
   */
  List<PreparedEntry> prepare(ProjectId project, RunSpec spec) {
    var prepared = new ArrayList<PreparedEntry>();
    prepareMessages
        .prepare(project, "additional_messages", spec.messages())
        .forEach(message -> prepared.add(new PreparedEntry.OfMessage(message)));
    prepared.addAll(prepare(project, spec.entries()));
    return prepared;
  }

  /**
   * Entries of a list that clients know as {@code input}.
   *
   * @throws ApiException 400 if a file does not exist or a content filter rejects a text
   */
  public List<PreparedEntry> prepare(ProjectId project, List<ThreadEntry> entries) {
    var messages = new ArrayList<CreateMessage>();
    for (var entry : entries) {
      if (entry instanceof ThreadEntry.OfMessage(var message)) {
        messages.add(message);
      }
    }
    var preparedMessages = prepareMessages.prepare(project, "input", messages).iterator();
    var used = new HashSet<ToolCallId>();
    var prepared = new ArrayList<PreparedEntry>();
    for (var entry : entries) {
      prepared.add(
          switch (entry) {
            case ThreadEntry.OfMessage _ -> new PreparedEntry.OfMessage(preparedMessages.next());
            case ThreadEntry.OfCalls(var calls, var state) ->
                new PreparedEntry.OfCalls(
                    calls.stream().map(call -> prepared(project, call, used)).toList(),
                    new StepReasoning(null, null, null, state));
          });
    }
    return prepared;
  }

  private ToolCall prepared(ProjectId project, ThreadEntry.EnteredCall call, Set<ToolCallId> used) {
    var id = idOf(call.id());
    var begun = ToolCall.started(used.add(id) ? id : ids.toolCall(), "function", call.name());
    var source = ContentSource.tool(project, null, null);
    var whole = begun.withMoreArguments(gate.applyTo("input", source, call.arguments()));
    return call.output() == null
        ? whole
        : whole.withOutput(gate.applyTo("input", source, call.output()));
  }

  /**
   * The id under which a call of a client is stored: its own where that has the form of an id of
   * this server, else one that is derived from it.
   */
  public static ToolCallId idOf(String clientsId) {
    try {
      return new ToolCallId(clientsId);
    } catch (ApiException e) {
      return new ToolCallId(ToolCallId.PREFIX + Sha256.hex(clientsId).substring(0, ID_DIGITS));
    }
  }
}
