package dev.threadmill.memory;

import dev.threadmill.api.AssistantId;
import dev.threadmill.assistants.Assistant;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.MemoryOptions.Scope;
import dev.threadmill.memory.IndexQueue.QueuedMessage;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
        Map<Need, List<QueuedMessage>> of(List<QueuedMessage> messages) {
          return Map.of(Need.VECTORS, messages);
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

  private record OfAssistant(String project, String assistant) {}

  /** The messages by what they need, each list in their order. */
  Map<Need, List<QueuedMessage>> of(List<QueuedMessage> messages) {
    var policies = new HashMap<OfAssistant, MemoryPolicy>();
    var byNeed = new EnumMap<Need, List<QueuedMessage>>(Need.class);
    for (var message : messages) {
      var policy =
          policies.computeIfAbsent(
              new OfAssistant(message.project().value(), message.readerId()), _ -> policy(message));
      byNeed.computeIfAbsent(need(message, policy), _ -> new ArrayList<>()).add(message);
    }
    return byNeed;
  }

  private MemoryPolicy policy(QueuedMessage message) {
    return MemoryPolicy.of(
        message.readerId() == null
            ? null
            : assistants
                .find(message.project(), new AssistantId(message.readerId()))
                .map(Assistant::memory)
                .orElse(null));
  }

  private static Need need(QueuedMessage message, MemoryPolicy policy) {
    if (message.wantsVector()) {
      return Need.VECTORS;
    }
    if (!policy.enabled()) {
      return Need.NOTHING;
    }
    return message.isLong() || policy.scope() != Scope.THREAD ? Need.VECTORS : Need.WORDS;
  }
}
