package dev.threadmill.memory;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.memory.recall.MemoryIndex;
import dev.threadmill.memory.recall.TextStore;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.embeddings.Embeddings;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** Edits summaries and facts on request. Each edit of a summary is a new version. */
@ApplicationScoped
class EditMemory {
  private static final int TRIES = 5;

  private final Jdbc jdbc;
  private final SummaryStore summaries;
  private final FactStore facts;
  private final MemoryIndex index;
  private final Embeddings embeddings;
  private final ContentGate gate;
  private final InstantSource clock;

  EditMemory(
      Jdbc jdbc,
      SummaryStore summaries,
      FactStore facts,
      MemoryIndex index,
      Embeddings embeddings,
      ContentGate gate,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.summaries = summaries;
    this.facts = facts;
    this.index = index;
    this.embeddings = embeddings;
    this.gate = gate;
    this.clock = clock;
  }

  /** Writes a summary. It covers the same messages as the one before it. */
  SummaryStore.Summary writeSummary(TextStore.ThreadInfo thread, String text) {
    return add(thread, filtered(thread, text), "edit", null);
  }

  private String filtered(TextStore.ThreadInfo thread, String text) {
    return gate.applyTo(
        "text",
        ContentSource.input(
            thread.project(),
            thread.assistantId() == null ? null : new AssistantId(thread.assistantId()),
            thread.id()),
        text);
  }

  /** Copies an earlier version into a new one. */
  SummaryStore.Summary restore(TextStore.ThreadInfo thread, SummaryStore.Summary old) {
    return add(thread, old.text(), "restore", Integer.toString(old.version()));
  }

  private SummaryStore.Summary add(
      TextStore.ThreadInfo thread, String text, String origin, String writtenBy) {
    for (int attempt = 0; attempt < TRIES; attempt++) {
      var latest = summaries.latest(thread.id());
      var summary =
          new SummaryStore.Summary(
              thread.id(),
              latest.map(SummaryStore.Summary::version).orElse(0) + 1,
              thread.project(),
              clock.instant(),
              text,
              latest.map(SummaryStore.Summary::method).orElse("rolling"),
              origin,
              writtenBy,
              latest.map(SummaryStore.Summary::coversTo).orElse(Instant.EPOCH));
      if (jdbc.inTransaction(tx -> summaries.add(tx, summary))) {
        return summary;
      }
    }
    throw ApiException.unavailable(
        "The summary was changed by other requests at the same time. Please try again.", 1);
  }

  /** Replaces the text of a fact and embeds it. */
  FactStore.Fact writeFact(TextStore.ThreadInfo thread, FactStore.Fact fact, String newText)
      throws InterruptedException {
    var text = filtered(thread, newText);
    float[] vector = null;
    try {
      vector = embeddings.embed(List.of(text)).getFirst();
    } catch (ModelException e) {
      // Without a vector the words of the fact find it.
    }
    var document =
        MemoryDocuments.of(
            fact.withText(text), thread.assistantId(), thread.userId(), embeddings.name(), vector);
    boolean written =
        jdbc.inTransaction(
            tx -> {
              if (!facts.setText(tx, fact.thread(), fact.id(), text, clock.instant())) {
                return false;
              }
              if (fact.supersededBy() == null) {
                index.upsert(tx, List.of(document));
              }
              return true;
            });
    if (!written) {
      throw ApiException.notFound("memory item", fact.id());
    }
    return facts.find(fact.thread(), fact.id()).orElse(fact);
  }
}
