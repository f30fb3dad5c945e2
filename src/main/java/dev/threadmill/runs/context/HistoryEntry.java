package dev.threadmill.runs.context;

import dev.threadmill.api.MessageId;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.Attachment;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import java.time.Instant;
import java.util.List;

/** An entry of a thread: a message, or the calls of one step with their outputs. */
sealed interface HistoryEntry {
  /** Tokens of a message in a prompt in addition to its text. */
  int TOKENS_PER_MESSAGE = 4;

  int CHARACTERS_PER_TOKEN = 5;

  Instant at();

  /** How many tokens it costs in a prompt. */
  int tokens();

  /**
   * A message.
   *
   * @param content null while it was not read from the database
   * @param attachments files for tools of the assistant's own
   * @param stored size of the content in the database in bytes, perhaps compressed, if it was not
   *     read
   */
  record MessageEntry(
      MessageId id,
      Message.Role role,
      List<ContentPart> content,
      Instant at,
      int tokens,
      int stored,
      List<Attachment> attachments)
      implements HistoryEntry {
    public MessageEntry {
      attachments =
          attachments == null
              ? List.of()
              : attachments.stream().filter(each -> !each.ownTools().isEmpty()).toList();
    }

    /** Whether the content was not read from the database yet. */
    boolean isLeft() {
      return content == null;
    }

    MessageEntry with(List<ContentPart> read) {
      return new MessageEntry(id, role, read, at, tokens, stored, attachments);
    }

    /** How many characters have been read of it. */
    long characters() {
      return isLeft() ? 0 : ContentPart.sizeInCharacters(content);
    }

    /** How many characters it has, estimated if it was not read. */
    long expected() {
      return isLeft() ? Math.max(stored, (long) CHARACTERS_PER_TOKEN * tokens) : characters();
    }
  }

  /**
   * The calls of one step.
   *
   * @param reasoning of that step, if it belongs to the run that the prompt is for
   */
  record CallsEntry(List<ToolCall> calls, StepReasoning reasoning, Instant at)
      implements HistoryEntry {
    public CallsEntry {
      calls = List.copyOf(calls);
    }

    @Override
    public int tokens() {
      int tokens = TokenCounter.count(reasoning.commentary());
      if (reasoning.thoughts() != null) {
        tokens += TokenCounter.count(reasoning.thoughts().text());
      }
      for (var call : calls) {
        tokens +=
            2 * TOKENS_PER_MESSAGE
                + TokenCounter.count(call.name())
                + TokenCounter.count(call.arguments())
                + TokenCounter.count(call.output());
      }
      return tokens;
    }
  }
}
