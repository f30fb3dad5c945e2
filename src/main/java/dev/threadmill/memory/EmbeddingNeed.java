package dev.threadmill.memory;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.MemoryOptions.Scope;
import dev.threadmill.memory.IndexQueue.QueuedMessage;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides how much of the index a message needs now. Embedding is most of the work of the index,
 * and a thread that fits into the window of its model recalls nothing.
 */
@ApplicationScoped
class EmbeddingNeed {
  /** Vectors for every message. */
  static final EmbeddingNeed OF_ALL =
      new EmbeddingNeed(null) {
        @Override
        Decision of(List<QueuedMessage> messages) {
          return new Decision(Map.of(Need.VECTORS, messages), Set.of());
        }
      };

  private final Assistants assistants;

  EmbeddingNeed(Assistants assistants) {
    this.assistants = assistants;
  }

  /** What a message needs. */
  enum Need {
    /** Words and vectors: the message may be recalled soon. */
    VECTORS,
    /** Words: vectors follow when something asks for them, or the machine is idle. */
    WORDS,
    /** Nothing: the memory of the assistant is switched off. */
    NOTHING
  }

  /**
   * What messages need.
   *
   * @param byNeed the messages, each list in their order
   * @param readers of threads whose earlier messages may need more than before
   */
  record Decision(Map<Need, List<QueuedMessage>> byNeed, Set<Reader> readers) {
    /** The messages with a need. */
    List<QueuedMessage> with(Need need) {
      return byNeed.getOrDefault(need, List.of());
    }
  }

  /**
   * An assistant with a memory, and a thread that it answers on. Messages that were claimed before
   * its first run were taken for those of an assistant without settings.
   *
   * @param isWide whether its memory has more than the thread
   */
  record Reader(ThreadId thread, String assistant, boolean isWide) {}

  /** Decides what messages need. Costs one statement at most. */
  Decision of(List<QueuedMessage> messages) {
    var policies = policies(messages);
    var byNeed = new EnumMap<Need, List<QueuedMessage>>(Need.class);
    var readers = new LinkedHashSet<Reader>();
    for (var message : messages) {
      var policy = policies.getOrDefault(message.readerId(), MemoryPolicy.of(null));
      byNeed.computeIfAbsent(need(message, policy), _ -> new ArrayList<>()).add(message);
      if (message.namesAssistant() && policy.enabled()) {
        readers.add(new Reader(message.thread(), message.assistantId(), isWide(policy)));
      }
    }
    return new Decision(byNeed, readers);
  }

  private Map<String, MemoryPolicy> policies(List<QueuedMessage> messages) {
    var wanted = new HashMap<AssistantId, ProjectId>();
    for (var message : messages) {
      if (message.readerId() != null) {
        wanted.put(new AssistantId(message.readerId()), message.project());
      }
    }
    var policies = new HashMap<String, MemoryPolicy>();
    assistants
        .memoryOptions(wanted)
        .forEach((id, options) -> policies.put(id.value(), MemoryPolicy.of(options)));
    return policies;
  }

  private static Need need(QueuedMessage message, MemoryPolicy policy) {
    if (message.wantsVector()) {
      return Need.VECTORS;
    }
    if (!policy.enabled()) {
      return Need.NOTHING;
    }
    return message.isLong() || isWide(policy) ? Need.VECTORS : Need.WORDS;
  }

  private static boolean isWide(MemoryPolicy policy) {
    return policy.scope() != Scope.THREAD;
  }
}
