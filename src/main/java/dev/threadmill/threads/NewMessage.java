package dev.threadmill.threads;

import dev.threadmill.api.Metadata;
import java.util.List;

/**
 * A message that is validated, with its tokens counted, to be appended to a thread.
 *
 * @param attachments null for none
 */
public record NewMessage(
    Message.Role role,
    List<ContentPart> content,
    List<Attachment> attachments,
    Metadata metadata,
    int tokens) {}
