package dev.threadmill.projects.idempotency;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.KeyedRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StoredStreams;
import dev.threadmill.projects.idempotency.KeyStore.Known;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * Takes the key of a request for it, or finds the answer that the key has brought before. While
 * another request holds the key it waits for that one.
 */
@ApplicationScoped
class TakeKey {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long FIRST_WAIT_MS = 25;
  private static final long LONGEST_WAIT_MS = 400;
  private static final String REPLAYED = "Idempotent-Replayed";

  private final KeyStore store;
  private final HeldKeys held;
  private final LostAnswer lostAnswer;
  private final StoredStreams streams;
  private final Ids ids;

  TakeKey(KeyStore store, HeldKeys held, LostAnswer lostAnswer, StoredStreams streams, Ids ids) {
    this.store = store;
    this.held = held;
    this.lostAnswer = lostAnswer;
    this.streams = streams;
    this.ids = ids;
  }

  /**
   * A request that wants its key.
   *
   * @param lastEventId the last event that the client has seen; null if it has seen none
   */
  record Wanted(
      ProjectId project, IdempotencyKey key, String path, String fingerprint, String lastEventId) {}

  /** What came of it. */
  sealed interface Taken {
    /** The request is to be carried out. */
    record Mine(KeyedRequest request) implements Taken {}

    /** It was carried out before. */
    record Answered(Response response) implements Taken {}
  }

  /**
   * Takes the key.
   *
   * @throws ApiException 400 if it was another request's; 409 if that one takes too long
   */
  Taken take(Wanted wanted) {
    var row = wanted.key().row();
    var request = new KeyedRequest(row, row + "/" + ids.next("hold_"));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    long wait = FIRST_WAIT_MS;
    while (true) {
      if (store.insert(wanted.project(), wanted.fingerprint(), request)) {
        return new Taken.Mine(request);
      }
      var known = store.find(row).orElse(null);
      if (known != null) {
        if (known.isExpired()) {
          store.deleteExpired(row);
          continue;
        }
        var taken = repeated(wanted, known, request);
        if (taken.isPresent()) {
          return taken.get();
        }
        if (System.nanoTime() > deadline) {
          throw OncePerKey.inUse();
        }
        held.await(known.holder(), wait);
        wait = Math.min(2 * wait, LONGEST_WAIT_MS);
      }
    }
  }

  /** Empty if another request still works on it. */
  private Optional<Taken> repeated(Wanted wanted, Known known, KeyedRequest request) {
    if (!known.fingerprint().equals(wanted.fingerprint())) {
      throw ApiException.invalid(
          IdempotencyKey.HEADER,
          "idempotency_key_reused",
          "This Idempotency-Key was sent with another path or body. Use a new key for each request.");
    }
    if (known.status() != null) {
      return Optional.of(new Taken.Answered(stored(wanted, known)));
    }
    if (!known.isAbandoned()) {
      return Optional.empty();
    }
    if (known.made() != null) {
      var target = LostAnswer.target(wanted.path(), known.made());
      if (target.isPresent()) {
        return Optional.of(new Taken.Answered(recovered(wanted, known, target.get())));
      }
    }
    return store.takeOver(request, known.holder())
        ? Optional.of(new Taken.Mine(request))
        : Optional.empty();
  }

  private Response stored(Wanted wanted, Known known) {
    var response = Response.status(known.status()).header(REPLAYED, "true");
    if (known.stream() != null) {
      return streamed(response, wanted, known.stream());
    }
    if (known.answer() != null) {
      var text = new String(wanted.key().opened(known.answer()), StandardCharsets.UTF_8);
      response.entity(text).type(known.contentType());
    }
    return response.build();
  }

  /** The answer of a request whose server died when it had taken effect. */
  private Response recovered(Wanted wanted, Known known, LostAnswer.Target target) {
    var response = Response.ok().header(REPLAYED, "true");
    var from = known.made().get(KeyedRequest.STREAM);
    if (from != null && target.isRun()) {
      return streamed(response, wanted, target.thread() + "/" + target.id() + "/" + from);
    }
    var object = lostAnswer.read(wanted.project(), target).orElseThrow(OncePerKey::lost);
    return response.entity(object).type(MediaType.APPLICATION_JSON_TYPE).build();
  }

  private Response streamed(Response.ResponseBuilder response, Wanted wanted, String address) {
    var events = streams.open(wanted.project(), address, wanted.lastEventId());
    return response.entity(events).type(MediaType.SERVER_SENT_EVENTS_TYPE).build();
  }
}
