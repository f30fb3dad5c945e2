package dev.threadmill.protocols;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * Has a request with a key make one run, however often it is sent and to whichever node: the key is
 * stored in the transaction that creates the run. It is not the {@code Idempotency-Key} of the rest
 * of the API, which compares whole bodies: in JSON-RPC each try has an id of its own.
 */
@ApplicationScoped
public class IdempotentRuns {
  private static final Logger LOG = Logger.getLogger(IdempotentRuns.class);
  private static final String TABLE_KEY = "protocol_requests_pkey";
  private static final String LIFE = "interval '24 hours'";
  private static final int DELETED_AT_ONCE = 1_000;
  private static final long SWEEP_SECONDS = 600;
  private static final int MAX_KEY = 512;

  private final Jdbc jdbc;
  private final RunClient runs;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("protocol-requests").factory());

  IdempotentRuns(Jdbc jdbc, RunClient runs) {
    this.jdbc = jdbc;
    this.runs = runs;
  }

  void onStart(@Observes StartupEvent start) {
    timer.scheduleWithFixedDelay(this::sweep, 60, SWEEP_SECONDS, TimeUnit.SECONDS);
  }

  void onStop(@Observes ShutdownEvent stop) {
    timer.shutdownNow();
  }

  /**
   * A request with a key.
   *
   * @param asked what tells it from another with the same key
   */
  public record IdempotentRequest(
      ProjectId project, AssistantId assistant, String key, String asked) {
    private String row() {
      return digest(project + "/" + assistant + "/" + key);
    }

    private String fingerprint() {
      return digest(asked);
    }
  }

  private record StoredRequest(String fingerprint, ThreadId thread, RunId run) {}

  /**
   * The run of the request: a new one, or the one that it has made before.
   *
   * @param start starts it, and stores what it is given alongside
   * @throws ApiException 400 if the key came with something else before, or is too long
   */
  public RunHandle startOnce(
      IdempotentRequest request, Function<RunClient.CreationHook, RunHandle> start) {
    if (request.key().isEmpty() || request.key().length() > MAX_KEY) {
      throw ApiException.invalid(
          "Idempotency-Key",
          "Invalid key of the request: expected 1 to %d characters.".formatted(MAX_KEY));
    }
    var before = existingRun(request);
    if (before.isPresent()) {
      return before.get();
    }
    try {
      return start.apply((tx, thread, run) -> store(tx, request, thread, run));
    } catch (DatabaseException e) {
      if (!e.isDuplicateOf(TABLE_KEY)) {
        throw e;
      }
      // Another try was quicker.
      return existingRun(request).orElseThrow(() -> e);
    }
  }

  private Optional<RunHandle> existingRun(IdempotentRequest request) {
    return known(request.row())
        .map(
            known -> {
              if (!known.fingerprint().equals(request.fingerprint())) {
                throw ApiException.invalid(
                    "Idempotency-Key",
                    "idempotency_key_reused",
                    "The key of this request came with another request before. Use a new key for"
                        + " each.");
              }
              return runs.find(request.project(), known.thread(), known.run())
                  .orElseThrow(() -> ApiException.notFound("run", known.run()));
            });
  }

  private Optional<StoredRequest> known(String row) {
    return jdbc.one(
        "SELECT fingerprint, thread_id, run_id FROM protocol_requests WHERE id = ? AND created_at >= now() - "
            + LIFE,
        found ->
            new StoredRequest(
                found.text("fingerprint"),
                found.text("thread_id", ThreadId::new),
                found.text("run_id", RunId::new)),
        row);
  }

  private static void store(Tx tx, IdempotentRequest request, ThreadId thread, RunId run) {
    tx.update(
        "DELETE FROM protocol_requests WHERE id = ? AND created_at < now() - " + LIFE,
        request.row());
    tx.update(
        """
        INSERT INTO protocol_requests (id, project_id, fingerprint, created_at, thread_id, run_id)
        VALUES (?, ?, ?, now(), ?, ?)
        """,
        request.row(),
        request.project(),
        request.fingerprint(),
        thread,
        run);
  }

  /** Deletes what is older than a day. */
  void sweep() {
    try {
      int deleted;
      do {
        deleted =
            jdbc.update(
                """
                DELETE FROM protocol_requests WHERE id IN (
                  SELECT id FROM protocol_requests WHERE created_at < now() - %s
                  ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED)
                """
                    .formatted(LIFE),
                DELETED_AT_ONCE);
      } while (deleted == DELETED_AT_ONCE);
    } catch (RuntimeException e) {
      LOG.warnf("protocol requests wait for the database cause=%s", e.getMessage());
    }
  }

  /** What stands for a long text in a key. */
  public static String digest(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
