package dev.threadmill.memory;

import dev.threadmill.memory.recall.SourceType;
import dev.threadmill.memory.text.TextFeatures;
import dev.threadmill.search.Chunks;
import dev.threadmill.search.IndexDocument;
import dev.threadmill.search.TermAnalyzer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Makes documents of messages and facts. */
final class MemoryDocuments {
  private MemoryDocuments() {}

  /**
   * The document of a message.
   *
   * @param vectors of the chunks in their order; null if the text could not be embedded
   */
  static IndexDocument of(
      IndexQueue.QueuedMessage message,
      List<Chunks.Chunk> chunks,
      String model,
      List<float[]> vectors) {
    var indexed = new ArrayList<IndexDocument.Chunk>();
    for (int i = 0; i < chunks.size(); i++) {
      var chunk = chunks.get(i);
      indexed.add(
          chunk(
              chunk.text(),
              chunk.startOffset(),
              chunk.endOffset(),
              message.byAssistant(),
              vectors == null ? null : vectors.get(i)));
    }
    return new IndexDocument(
        message.thread().value(),
        message.message().value(),
        owners(message.project(), message.assistantId(), message.userId(), SourceType.MESSAGE),
        model,
        message.createdAt(),
        message.originalTime(),
        indexed);
  }

  /**
   * The document of a fact.
   *
   * @param assistantId null if unknown
   * @param userId null if unknown
   * @param vector null if the text could not be embedded
   */
  static IndexDocument of(
      FactStore.Fact fact, String assistantId, String userId, String model, float[] vector) {
    var text = fact.text();
    return new IndexDocument(
        fact.thread().value(),
        fact.id(),
        owners(fact.project(), assistantId, userId, SourceType.FACT),
        model,
        fact.createdAt(),
        null,
        List.of(chunk(text, 0, text.codePointCount(0, text.length()), false, vector)));
  }

  private static List<Object> owners(
      Object project, String assistantId, String userId, SourceType type) {
    return Arrays.asList(project, assistantId, userId, type.name().toLowerCase(Locale.ROOT));
  }

  private static IndexDocument.Chunk chunk(
      String text, int startOffset, int endOffset, boolean byAssistant, float[] vector) {
    var terms = TermAnalyzer.terms(text);
    return new IndexDocument.Chunk(
        startOffset,
        endOffset,
        TextFeatures.of(text, byAssistant).flags(),
        terms.size(),
        TermAnalyzer.forms(terms),
        vector);
  }
}
