package dev.threadmill.projects;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.sse.StreamGuard;
import dev.threadmill.db.signals.Signal;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.InetAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * The streams that this node has open, by the secrets that opened them. A stream ends with an error
 * when its key is deleted, expires, or loses the scope that the stream needs.
 */
@ApplicationScoped
class OpenStreams implements StreamGuard {
  private static final Logger LOG = Logger.getLogger(OpenStreams.class);
  private static final long EXPIRY_CHECK_MS = 1_000;

  private final Set<Watched> streams = ConcurrentHashMap.newKeySet();
  private final ExecutorService checks =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("open-streams").factory());
  private final KeyStore keys;
  private final InstantSource clock;
  private final AtomicLong changes = new AtomicLong();

  OpenStreams(KeyStore keys, InstantSource clock) {
    this.keys = keys;
    this.clock = clock;
  }

  /** A stream and what it was opened with. Compared by identity. */
  private static final class Watched {
    final String digest;
    final ApiKeyId key;
    final Scope scope;
    final InetAddress address;
    final Consumer<ApiError> end;
    volatile Instant validUntil;

    Watched(Access access, Consumer<ApiError> end) {
      this.digest = access.digest();
      this.key = access.grant().key();
      this.scope = access.operation().scope();
      this.address = access.address();
      this.validUntil = access.grant().validUntil();
      this.end = end;
    }
  }

  /**
   * What the current request was admitted with.
   *
   * @param digest of the secret, in hexadecimal; null for an admin of an identity provider
   * @param changes how many changes of keys this node knew of when it looked the key up
   * @param address null if it is not known
   */
  record Access(
      Grant grant,
      String digest,
      EndpointScopes.Operation operation,
      InetAddress address,
      long changes) {}

  /** How many changes of keys this node knows of. */
  long changes() {
    return changes.get();
  }

  void onStart(@Observes StartupEvent start, Vertx vertx) {
    vertx.setPeriodic(EXPIRY_CHECK_MS, _ -> endExpired());
  }

  @PreDestroy
  void stop() {
    checks.shutdown();
  }

  @Override
  public Runnable watch(Consumer<ApiError> end) {
    var access = Caller.accessOfRequest().orElse(null);
    if (access == null) {
      return () -> {};
    }
    var stream = new Watched(access, end);
    streams.add(stream);
    if (access.changes() != changes.get()) {
      // The key may have been deleted between its check and now.
      checkSoon(List.of(stream));
    }
    return () -> streams.remove(stream);
  }

  void check(@Observes KeysChanged changed) {
    changes.incrementAndGet();
    checkSoon(List.copyOf(streams));
  }

  void check(@Observes ClientTokenChanged changed) {
    changes.incrementAndGet();
    checkSoon(streams.stream().filter(stream -> stream.key.equals(changed.token())).toList());
  }

  /** A signal that keys have changed may be lost as well. */
  void check(@Observes Signal.ResyncRequested requested) {
    changes.incrementAndGet();
    checkSoon(List.copyOf(streams));
  }

  private void endExpired() {
    var now = clock.instant();
    var due = new ArrayList<Watched>();
    for (var stream : streams) {
      if (stream.validUntil != null && !now.isBefore(stream.validUntil)) {
        due.add(stream);
      }
    }
    checkSoon(due);
  }

  private void checkSoon(List<Watched> some) {
    if (!some.isEmpty() && !checks.isShutdown()) {
      checks.execute(() -> check(some));
    }
  }

  private void check(List<Watched> some) {
    try {
      var byDigest = new HashMap<String, List<Watched>>();
      for (var stream : some) {
        if (stream.digest == null) {
          endIfExpired(stream);
        } else if (streams.contains(stream)) {
          byDigest.computeIfAbsent(stream.digest, _ -> new ArrayList<>()).add(stream);
        }
      }
      var digests = List.copyOf(byDigest.keySet());
      for (int i = 0; i < digests.size(); i += KeyStore.MAX_DIGESTS) {
        var part = digests.subList(i, Math.min(digests.size(), i + KeyStore.MAX_DIGESTS));
        check(byDigest, part, keys.find(part));
      }
    } catch (RuntimeException e) {
      // What expires is looked at again every second; other changes with the next signal.
      LOG.warnf("streams not checked after a change of keys streams=%d cause=%s", some.size(), e);
    }
  }

  private void check(
      Map<String, List<Watched>> streamsByDigest,
      Collection<String> digests,
      Map<String, Grant> grants) {
    for (var digest : digests) {
      var grant = grants.get(digest);
      for (var stream : streamsByDigest.get(digest)) {
        if (grant == null
            || grant.isExpired(clock.instant())
            || !grant.has(stream.scope)
            || !grant.isAllowedFrom(stream.address)) {
          end(stream);
        } else {
          stream.validUntil = grant.validUntil();
        }
      }
    }
  }

  private void endIfExpired(Watched stream) {
    if (stream.validUntil != null && !clock.instant().isBefore(stream.validUntil)) {
      end(stream);
    }
  }

  private void end(Watched stream) {
    if (streams.remove(stream)) {
      stream.end.accept(
          new ApiError(
              "The key of this stream no longer gives access to it.",
              ApiError.INVALID_REQUEST,
              null,
              "invalid_api_key"));
    }
  }
}
