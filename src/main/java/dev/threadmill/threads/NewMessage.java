package dev.threadmill.threads;

import dev.threadmill.api.FileId;
import dev.threadmill.api.Metadata;
import java.util.List;

/**
 * A message that is validated, with its tokens counted, to be appended to a thread.
 *
 * @param attachments null for none
 * @param ownFiles files that were made of content in the message, to be deleted with the thread
 */
public record NewMessage(
    Message.Role role,
    List<ContentPart> content,
    List<Attachment> attachments,
    Metadata metadata,
    int tokens,
    List<FileId> ownFiles) {}
