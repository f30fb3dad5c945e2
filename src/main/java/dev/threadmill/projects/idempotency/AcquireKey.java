package dev.threadmill.projects.idempotency;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.IdempotencyContext;
import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.sse.StreamLookup;
import dev.threadmill.projects.idempotency.IdempotencyKeyStore.StoredKey;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Acquires the idempotency key of a request, or finds the response that is stored under it. While
 * another request holds the key, it waits for that one.
 */
@ApplicationScoped
class AcquireKey {
  private static final Duration MAX_WAIT = Duration.ofSeconds(30);
  private static final long INITIAL_POLL_MS = 25;
  private static final long MAX_POLL_MS = 400;
  private static final String REPLAYED = "Idempotent-Replayed";

  private final IdempotencyKeyStore store;
  private final KeyLeases held;
  private final RecoverResponse lostAnswer;
  private final List<StreamLookup> streams;
  private final Ids ids;

  AcquireKey(
      IdempotencyKeyStore store,
      KeyLeases held,
      RecoverResponse lostAnswer,
      @All List<StreamLookup> streams,
      Ids ids) {
    this.store = store;
    this.held = held;
    this.lostAnswer = lostAnswer;
    this.streams = streams;
    this.ids = ids;
  }

  /**
   * A request that acquires its key.
   *
   * @param lastEventId the last event that the client has seen; null if it has seen none
   */
  record KeyRequest(
      ProjectId project, IdempotencyKey key, String path, String fingerprint, String lastEventId) {}

  /** The result. */
  sealed interface Outcome {
    /** The request is to be carried out. */
    record Acquired(IdempotencyContext request) implements Outcome {}

    /** It was carried out before; this is its response. */
    record Replayed(Response response) implements Outcome {}
  }

  /**
   * Acquires the key.
   *
   * @throws ApiException 400 if it was another request's; 409 if that one takes too long
   */
  Outcome acquire(KeyRequest wanted) {
    var row = wanted.key().row();
    var request = new IdempotencyContext(row, row + "/" + ids.next("hold_"));
    long deadline = System.nanoTime() + MAX_WAIT.toNanos();
    long wait = INITIAL_POLL_MS;
    while (true) {
      if (store.insert(wanted.project(), wanted.fingerprint(), request)) {
        return new Outcome.Acquired(request);
      }
      var known = store.find(row).orElse(null);
      if (known != null) {
        if (known.isExpired()) {
          store.deleteExpired(row);
          continue;
        }
        var replayed = replay(wanted, known, request);
        if (replayed.isPresent()) {
          return replayed.get();
        }
        if (System.nanoTime() > deadline) {
          throw IdempotencyFilter.inUse();
        }
        held.await(known.holder(), wait);
        wait = Math.min(2 * wait, MAX_POLL_MS);
      }
    }
  }

  /** Empty while another request is in progress. */
  private Optional<Outcome> replay(KeyRequest wanted, StoredKey known, IdempotencyContext request) {
    if (!known.fingerprint().equals(wanted.fingerprint())) {
      throw ApiException.invalid(
          IdempotencyKey.HEADER,
          "idempotency_key_reused",
          "This Idempotency-Key was sent with another path or body. Use a new key for each request.");
    }
    if (known.status() != null) {
      return Optional.of(new Outcome.Replayed(stored(wanted, known)));
    }
    if (!known.isAbandoned()) {
      return Optional.empty();
    }
    if (known.effects() != null) {
      var target = RecoverResponse.target(wanted.path(), known.effects());
      if (target.isPresent()) {
        return Optional.of(new Outcome.Replayed(recovered(wanted, known, target.get())));
      }
    }
    return store.takeOver(request, known.holder())
        ? Optional.of(new Outcome.Acquired(request))
        : Optional.empty();
  }

  private Response stored(KeyRequest wanted, StoredKey known) {
    var response = Response.status(known.status()).header(REPLAYED, "true");
    if (known.stream() != null) {
      return streamed(response, wanted, known.stream());
    }
    if (known.answer() != null) {
      var text = new String(wanted.key().decrypt(known.answer()), StandardCharsets.UTF_8);
      response.entity(text).type(known.contentType());
    }
    return response.build();
  }

  /** The response of a request whose node crashed after its transaction was committed. */
  private Response recovered(KeyRequest wanted, StoredKey known, RecoverResponse.Target target) {
    var response = Response.ok().header(REPLAYED, "true");
    var from = known.effects().get(IdempotencyContext.STREAM);
    if (from != null && target.isStreamed()) {
      return streamed(response, wanted, target.streamAddress(from));
    }
    var object =
        lostAnswer.read(wanted.project(), target).orElseThrow(IdempotencyFilter::responseLost);
    return response.entity(object).type(MediaType.APPLICATION_JSON_TYPE).build();
  }

  private Response streamed(Response.ResponseBuilder response, KeyRequest wanted, String address) {
    var events =
        streams.stream()
            .filter(kind -> address.startsWith(kind.prefix()))
            .findFirst()
            .orElseThrow(IdempotencyFilter::responseLost)
            .open(wanted.project(), address, wanted.lastEventId());
    return response.entity(events).type(MediaType.SERVER_SENT_EVENTS_TYPE).build();
  }
}
