package dev.threadmill.runs.context;

import dev.threadmill.db.Jdbc;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.limits.Reservation;
import dev.threadmill.memory.RecordSummary;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.store.CompactionStore;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.ThreadItemStore;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.threads.MessageStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Has the model of a run summarize the history of its thread, which its prompts then begin with. A
 * summary is a version of the summary that the memory has of the thread. Without one the run goes
 * on with the whole history.
 */
@ApplicationScoped
public class SummarizeHistory {
  private static final Logger LOG = Logger.getLogger(SummarizeHistory.class);

  /** How many messages of a thread are counted at most, and how many calls. */
  private static final int MAX_COUNTED = 10_000;

  private final FindHistoryStart findHistoryStart;
  private final ThreadItemStore items;
  private final MessageStore messages;
  private final PromptPermits permits;
  private final BuildSummaryPrompt buildSummaryPrompt;
  private final ModelRegistry models;
  private final BudgetLedger ledger;
  private final ContentGate gate;
  private final RecordSummary recordSummary;
  private final Jdbc jdbc;
  private final RunsConfig config;
  private final InstantSource clock;

  SummarizeHistory(
      FindHistoryStart findHistoryStart,
      ThreadItemStore items,
      MessageStore messages,
      PromptPermits permits,
      BuildSummaryPrompt buildSummaryPrompt,
      ModelRegistry models,
      BudgetLedger ledger,
      ContentGate gate,
      RecordSummary recordSummary,
      Jdbc jdbc,
      RunsConfig config,
      InstantSource clock) {
    this.findHistoryStart = findHistoryStart;
    this.items = items;
    this.messages = messages;
    this.permits = permits;
    this.buildSummaryPrompt = buildSummaryPrompt;
    this.models = models;
    this.ledger = ledger;
    this.gate = gate;
    this.recordSummary = recordSummary;
    this.jdbc = jdbc;
    this.config = config;
    this.clock = clock;
  }

  /**
   * The time before which the history of a run is to be summarized; empty if it is short enough.
   */
  public Optional<Instant> due(Run run) throws InterruptedException {
    var threshold = run.settings().opening().compactAbove();
    return threshold == null ? Optional.empty() : jdbc.whenAvailable(() -> due(run, threshold));
  }

  private Optional<Instant> due(Run run, int threshold) {
    var start = findHistoryStart.of(run.threadId(), null);
    var before = before(run);
    // A history without entries before the request has nothing to summarize.
    return start.from().isBefore(before)
            && items.hasBefore(run.threadId(), start.from(), before)
            && items.tokens(run.projectId(), run.threadId(), start.from(), MAX_COUNTED) > threshold
        ? Optional.of(before)
        : Optional.empty();
  }

  /**
   * The time of the first entry that the request of the run has added. A run that has waited for
   * another one gets its messages when its turn comes, after its own time.
   */
  private Instant before(Run run) {
    int added = run.settings().opening().newTicks();
    var started = run.times().started();
    if (added == 0) {
      return started;
    }
    return messages
        .timeOfNewest(run.threadId(), started, added)
        .filter(at -> at.isAfter(run.times().created()))
        .orElseGet(() -> run.times().created().minus(added, ChronoUnit.MICROS));
  }

  /**
   * A summary, or none.
   *
   * @param text empty if there is none, whatever has failed
   * @param activity the event of the model call; null if it has failed
   */
  public record Outcome(String text, Activity activity) {
    private static final Outcome NOTHING = new Outcome("", null);
  }

  /** Makes the summary that a call asks for. */
  public Outcome summarize(RunExecution execution, ToolCall call) {
    var live = execution.live();
    var run = live.claimedRun();
    var before = CompactionStore.before(call);
    long started = System.nanoTime();
    var reservation = Reservation.NONE;
    var usage = Usage.NONE;
    try (var permit = permits.ofCall(live)) {
      var covered = recordSummary.covered(run.threadId(), before.minus(1, ChronoUnit.MICROS));
      var start = findHistoryStart.of(run.threadId(), null);
      var model = models.require(run.settings().model());
      var unreserved =
          request(run, buildSummaryPrompt.of(live, model.info(), start, before, permit));
      reservation =
          ledger.reserve(run.payer(), run.id(), model.info(), unreserved, config.expiry());
      var answer = model.answer(reservation.applyTo(unreserved), _ -> {});
      usage = answer.usage().at(model.info().price());
      var activity =
          run.activity(Activity.MODEL_CALL, clock.instant())
              .latencyMs((System.nanoTime() - started) / 1_000_000)
              .tokens(usage.promptTokens(), usage.completionTokens())
              .cost(usage.cost() == null ? null : usage.cost().dollars())
              .status("completed")
              .detail("purpose", "compaction")
              .build();
      // The response has a limit of tokens of its own, so the summary does not count in its run.
      return new Outcome(text(run, answer, covered), activity);
    } catch (InterruptedException e) {
      // The run was stopped, and nothing waits for the result.
      Thread.currentThread().interrupt();
      return Outcome.NOTHING;
    } catch (ModelException | ContentRejectedException e) {
      LOG.warnf("history was not summarized run_id=%s cause=%s", run.id(), e.getMessage());
      return Outcome.NOTHING;
    } catch (RuntimeException e) {
      if (live.stopReason() != null) {
        return Outcome.NOTHING;
      }
      LOG.errorf(e, "history was not summarized run_id=%s", run.id());
      return Outcome.NOTHING;
    } finally {
      ledger.settleAndCommit(reservation, usage, List.of());
    }
  }

  private static ModelRequest request(Run run, List<ModelMessage> prompt) {
    return new ModelRequest(
        run.settings().model(),
        prompt,
        List.of(),
        ToolChoice.AUTO,
        true,
        ResponseFormat.AUTO,
        new ModelRequest.Options(null, null, null, run.settings().sampling().reasoningEffort()));
  }

  /** The summary; empty if messages that it covers were deleted while it was made. */
  private String text(Run run, ModelResponse answer, RecordSummary.Covered covered) {
    var source = ContentSource.model(run.projectId(), run.assistantId(), run.threadId());
    var text = gate.apply(source, answer.text() == null ? "" : answer.text());
    if (text.isBlank()) {
      return "";
    }
    boolean isUnchanged =
        jdbc.inTransaction(
            tx -> recordSummary.record(tx, run.projectId(), covered, text, run.settings().model()));
    return isUnchanged ? text : "";
  }
}
