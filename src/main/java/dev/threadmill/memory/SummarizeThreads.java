package dev.threadmill.memory;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Backoff;
import dev.threadmill.api.Ids;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.db.Jdbc;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.limits.CallSource;
import dev.threadmill.limits.Payer;
import dev.threadmill.memory.recall.MemoryIndex;
import dev.threadmill.memory.recall.TextStore;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.privacy.PromptPrivacy;
import dev.threadmill.search.IndexDocument;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import dev.threadmill.telemetry.tracing.GenAi;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Claims threads from the queue and updates their summaries: a rolling summary covers the messages
 * that have left the window, reflection covers all messages. When the model fails or the project
 * has reached its limits, the old summary stays.
 */
@ApplicationScoped
class SummarizeThreads {
  private static final Logger LOG = Logger.getLogger(SummarizeThreads.class);
  private static final Duration FIRST_BACKOFF = Duration.ofSeconds(2);
  private static final int MOST_MESSAGES = 200;
  private static final int KNOWN_FACTS = 60;

  private final Jdbc jdbc;
  private final SummaryQueue queue;
  private final SummaryStore summaries;
  private final FactStore facts;
  private final MemoryIndex index;
  private final TextStore texts;
  private final ModelRegistry models;
  private final BudgetLedger spending;
  private final Embeddings embeddings;
  private final ContentGate gate;
  private final PromptPrivacy privacy;
  private final MemoryConfig config;
  private final Ids ids;
  private final InstantSource clock;
  private final Outbox outbox;
  private final TraceMemory trace;

  SummarizeThreads(
      Jdbc jdbc,
      SummaryQueue queue,
      SummaryStore summaries,
      FactStore facts,
      MemoryIndex index,
      TextStore texts,
      ModelRegistry models,
      BudgetLedger spending,
      Embeddings embeddings,
      ContentGate gate,
      PromptPrivacy privacy,
      MemoryConfig config,
      Ids ids,
      InstantSource clock,
      Outbox outbox,
      TraceMemory trace) {
    this.trace = trace;
    this.jdbc = jdbc;
    this.queue = queue;
    this.summaries = summaries;
    this.facts = facts;
    this.index = index;
    this.texts = texts;
    this.models = models;
    this.spending = spending;
    this.embeddings = embeddings;
    this.gate = gate;
    this.privacy = privacy;
    this.config = config;
    this.ids = ids;
    this.clock = clock;
    this.outbox = outbox;
  }

  /** Summarizes one thread. Returns false if none is due. */
  boolean summarizeNext() throws InterruptedException {
    var claimed = queue.claim();
    if (claimed.isEmpty()) {
      return false;
    }
    var work = claimed.get();
    try {
      // Requests of the same project do not wait behind its summaries.
      WorkOwner.call(
          work.project().value() + "/memory",
          () ->
              trace.traced(
                  GenAi.UPDATE_MEMORY,
                  work.thread().value(),
                  () -> {
                    sumUp(work);
                    return null;
                  }));
    } catch (LimitReachedException e) {
      LOG.infof("summary=beyond_limits thread_id=%s reason=%s", work.thread(), e.getMessage());
      queue.postpone(work, e.isQuota() ? config.longestBackoff() : backoff(work.attempts()));
    } catch (ModelException e) {
      LOG.infof(
          "summary=failed thread_id=%s attempt=%d kind=%s reason=%s",
          work.thread(), work.attempts(), e.kind(), e.getMessage());
      queue.postpone(work, backoff(work.attempts()));
    }
    return true;
  }

  private void sumUp(SummaryQueue.Task work) throws InterruptedException {
    boolean reflects = work.method().equals("reflection");
    var latest = summaries.latest(work.thread());
    var before = work.rebuild() ? null : latest.map(SummaryStore.Summary::text).orElse(null);
    var from =
        work.rebuild()
            ? Instant.EPOCH
            : latest.map(SummaryStore.Summary::coversTo).orElse(Instant.EPOCH);
    var to = end(work, reflects, latest.map(SummaryStore.Summary::coversTo).orElse(null));
    var messages = fitting(texts.between(work.thread(), from, to, MOST_MESSAGES));
    if (messages.isEmpty()) {
      jdbc.runInTransaction(
          tx -> {
            if (work.rebuild() && latest.isPresent()) {
              // All messages that the summary covered were deleted.
              summaries.add(
                  tx, version(work, latest.get().version() + 1, "", "extract", null, from));
            }
            queue.complete(tx, work);
          });
      return;
    }
    var model = models.require(config.summaryModel().orElse(work.model()));
    if (model.answersByRule()) {
      var text = ExtractiveSummary.of(before, messages);
      var coversTo = messages.getLast().at();
      var next = latest.map(SummaryStore.Summary::version).orElse(0) + 1;
      store(
          work,
          messages,
          version(work, next, text, "extract", null, coversTo),
          List.of(),
          List.of());
      return;
    }
    var known = reflects ? facts.holding(work.thread(), KNOWN_FACTS) : List.<FactStore.Fact>of();
    var paid =
        privacy.guarded(
            work.project(),
            work.thread(),
            spending.metered(
                CallSource.of(Payer.of(work.project()), ModelOperation.SUMMARY)
                    .forThread(assistantOf(work), work.thread()),
                model,
                Duration.ZERO));
    var source = ContentSource.model(work.project(), assistantOf(work), work.thread());
    var outcome = filtered(source, Reflection.ask(paid, before, known, messages, reflects));
    var coversTo = messages.getLast().at();
    var next = latest.map(SummaryStore.Summary::version).orElse(0) + 1;
    store(
        work,
        messages,
        version(work, next, outcome.summary(), "model", model.info().name(), coversTo),
        outcome.facts(),
        embedded(outcome.facts()));
  }

  /**
   * The end of the messages that the summary may cover. A rolling summary leaves out the window.
   */
  private Instant end(SummaryQueue.Task work, boolean reflects, Instant covered) {
    if (reflects) {
      return clock.instant().plusSeconds(60);
    }
    if (work.windowFrom() != null) {
      return work.windowFrom().minusNanos(1_000);
    }
    return covered == null ? Instant.EPOCH : covered;
  }

  /** The oldest messages that fit into one call, at least one. */
  private List<TextStore.MessageText> fitting(List<TextStore.MessageText> messages) {
    int tokens = 0;
    int count = 0;
    for (var message : messages) {
      tokens += TokenCounter.count(message.text()) + 30;
      if (count > 0 && tokens > config.summaryInput()) {
        break;
      }
      count++;
    }
    return messages.subList(0, count);
  }

  private List<float[]> embedded(List<Reflection.NewFact> learned) throws InterruptedException {
    try {
      return embeddings.embed(learned.stream().map(Reflection.NewFact::text).toList());
    } catch (ModelException e) {
      return null;
    }
  }

  private void store(
      SummaryQueue.Task work,
      List<TextStore.MessageText> messages,
      SummaryStore.Summary summary,
      List<Reflection.NewFact> learned,
      List<float[]> vectors) {
    jdbc.runInTransaction(
        tx -> {
          // A message that was deleted meanwhile must not come back through the summary.
          if (texts.count(tx, work.thread(), messages) < messages.size()
              || !summaries.add(tx, summary)) {
            // Or the summary was edited meanwhile: the next attempt starts from the edited text.
            queue.requeue(tx, work);
            return;
          }
          var now = clock.instant();
          var documents = new ArrayList<IndexDocument>();
          for (int i = 0; i < learned.size(); i++) {
            var each = learned.get(i);
            var fact =
                new FactStore.Fact(
                    work.thread(),
                    ids.next(FactStore.PREFIX),
                    work.project(),
                    each.kind(),
                    each.text(),
                    each.messageIds(),
                    now,
                    now,
                    null);
            facts.insert(tx, fact, work.assistantId(), work.userId());
            each.corrects().forEach(old -> facts.supersede(tx, work.thread(), old, fact.id(), now));
            documents.add(
                MemoryDocuments.of(
                    fact,
                    work.assistantId(),
                    work.userId(),
                    embeddings.name(),
                    vectors == null ? null : vectors.get(i)));
          }
          index.upsert(tx, documents);
          outbox.append(tx, summarized(work, summary, learned.size(), now));
          // A thread too long for one call continues here; a finished one finds no messages.
          queue.requeue(tx, work);
        });
  }

  private static AssistantId assistantOf(SummaryQueue.Task work) {
    return work.assistantId() == null ? null : new AssistantId(work.assistantId());
  }

  private static Activity summarized(
      SummaryQueue.Task work, SummaryStore.Summary summary, int facts, Instant at) {
    return Activity.of(Activity.MEMORY_SUMMARY, work.project(), at)
        .assistant(assistantOf(work))
        .thread(work.thread())
        .model(summary.writtenBy())
        .status("completed")
        .detail("method", work.method())
        .detail("version", Integer.toString(summary.version()))
        .detail("facts", Integer.toString(facts))
        .build();
  }

  /**
   * What the model wrote as the content filters let it pass, without facts that they reject.
   *
   * @throws ModelException if they reject the summary
   */
  private Reflection.Outcome filtered(ContentSource source, Reflection.Outcome written) {
    var facts = new ArrayList<Reflection.NewFact>();
    for (var fact : written.facts()) {
      try {
        facts.add(fact.withText(gate.apply(source, fact.text())));
      } catch (ContentRejectedException e) {
        LOG.infof("fact=rejected thread_id=%s reason=%s", source.thread(), e.getMessage());
      }
    }
    try {
      return new Reflection.Outcome(gate.apply(source, written.summary()), facts);
    } catch (ContentRejectedException e) {
      throw new ModelException(
          ModelException.Kind.PROVIDER_FAILED,
          "A content filter rejected the summary: " + e.getMessage());
    }
  }

  private SummaryStore.Summary version(
      SummaryQueue.Task work,
      int number,
      String text,
      String origin,
      String writtenBy,
      Instant coversTo) {
    return new SummaryStore.Summary(
        work.thread(),
        number,
        work.project(),
        clock.instant(),
        text,
        work.method(),
        origin,
        writtenBy,
        coversTo);
  }

  private Duration backoff(int attempts) {
    return new Backoff(FIRST_BACKOFF, config.longestBackoff()).delay(attempts + 1);
  }
}
