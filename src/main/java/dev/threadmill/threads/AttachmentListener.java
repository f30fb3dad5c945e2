package dev.threadmill.threads;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import java.util.List;

/**
 * What a feature does with files that are attached to messages. Every CDI bean of this type is
 * called in the transaction that appends the messages: if one of them throws, no message is
 * appended. The row of the thread is locked. Statements should be {@linkplain Tx#defer deferred}.
 */
public interface AttachmentListener {
  /**
   * Messages with attachments were appended to a thread. The files exist.
   *
   * @param messages those with attachments, in the order of the thread
   */
  void attached(Tx tx, ProjectId project, ThreadId thread, List<Message> messages);
}
