package dev.threadmill.imports;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.threads.Attachment;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import java.time.Instant;
import java.util.List;

/**
 * A message in the form in which it is stored, as an item holds it until its thread is whole.
 *
 * @param incompleteReason null for a message that is complete
 * @param endedAt when it was completed, or left incomplete, in Unix milliseconds
 */
record PreparedMessage(
    String id,
    String incompleteReason,
    long endedAt,
    Message.Role role,
    List<ContentPart> content,
    List<Attachment> attachments,
    Metadata metadata,
    String assistantId,
    String runId,
    int tokens) {

  @JsonIgnore
  Message at(ThreadId thread, Instant at) {
    var ended = Instant.ofEpochMilli(endedAt);
    return new Message(
        thread,
        new MessageId(id),
        at,
        incompleteReason == null
            ? Message.State.completed(ended)
            : Message.State.incomplete(incompleteReason, ended),
        role,
        content,
        attachments,
        metadata,
        assistantId == null ? null : new AssistantId(assistantId),
        runId == null ? null : new RunId(runId),
        tokens);
  }
}
