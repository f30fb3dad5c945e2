package dev.threadmill.projects.idempotency;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.IdempotencyContext;
import dev.threadmill.api.Json;
import dev.threadmill.api.http.BodyLimit;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.db.CommitHook;
import dev.threadmill.projects.Caller;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/**
 * Carries out a POST with an {@code Idempotency-Key} once, however often it is sent, and replays
 * its response. Costs nothing for requests without the header.
 */
public class IdempotencyFilter {
  private static final Logger LOG = Logger.getLogger(IdempotencyFilter.class);
  private static final String ACQUIRED_KEY = "dev.threadmill.idempotency.held";

  /** JSON-RPC, where each attempt has an id of its own, uses {@link TransactionalKeys}. */
  private static final Pattern JSON_RPC_PATHS = Pattern.compile("/v1/(?:mcp|a2a)(?:/|$)");

  private static final int TOO_MANY = 429;
  private static final int CONFLICT = 409;

  private final AcquireKey takeKey;
  private final IdempotencyKeyStore store;
  private final KeyLeases held;

  IdempotencyFilter(AcquireKey takeKey, IdempotencyKeyStore store, KeyLeases held) {
    this.takeKey = takeKey;
    this.store = store;
    this.held = held;
  }

  private record AcquiredKey(IdempotencyKey key, IdempotencyContext request) {}

  /** Acquires the key, or responds in place of the resource; null to go on. */
  @ServerRequestFilter(priority = Priorities.AUTHENTICATION + 100)
  public Response before(ContainerRequestContext request) throws IOException {
    unbind();
    var header = request.getHeaderString(IdempotencyKey.HEADER);
    var path = request.getUriInfo().getPath();
    if (header == null
        || !request.getMethod().equals(HttpMethod.POST)
        || !path.startsWith("/v1/")
        || JSON_RPC_PATHS.matcher(path).lookingAt()) {
      return null;
    }
    var caller = Caller.current();
    var key = IdempotencyKey.of(caller, header);
    var query = request.getUriInfo().getRequestUri().getRawQuery();
    var target = query == null ? path : path + "?" + query;
    var wanted =
        new AcquireKey.KeyRequest(
            caller.project(),
            key,
            path,
            IdempotencyKey.fingerprint(target, body(request)),
            request.getHeaderString("Last-Event-ID"));
    return switch (takeKey.acquire(wanted)) {
      case AcquireKey.Outcome.Acquired(var mine) -> {
        held.register(mine);
        request.setProperty(ACQUIRED_KEY, new AcquiredKey(key, mine));
        mine.bind();
        CommitHook.bind(tx -> store.setEffects(tx, mine));
        yield null;
      }
      case AcquireKey.Outcome.Replayed(var response) -> response;
    };
  }

  /** Stores the response, unless it says that nothing was done. */
  @ServerResponseFilter
  public void after(ContainerRequestContext request, ContainerResponseContext response) {
    if (!(request.getProperty(ACQUIRED_KEY) instanceof AcquiredKey(var key, var mine))) {
      return;
    }
    unbind();
    try {
      storeResponse(key, mine, response);
    } catch (RuntimeException e) {
      // The request itself is done. A repeated request is answered with what it has created.
      LOG.warnf("answer not kept path=%s cause=%s", request.getUriInfo().getPath(), e);
    } finally {
      held.release(mine);
    }
  }

  private void storeResponse(
      IdempotencyKey key, IdempotencyContext mine, ContainerResponseContext response) {
    int status = response.getStatus();
    var entity = response.getEntity();
    if (status >= 500 || status == TOO_MANY || lostKey(status, entity)) {
      store.release(mine);
    } else if (entity instanceof EventStream stream) {
      if (stream.replayAddress() == null) {
        store.release(mine);
      } else {
        store.store(mine, status, MediaType.SERVER_SENT_EVENTS, null, stream.replayAddress());
      }
    } else {
      var type =
          response.getMediaType() == null
              ? MediaType.APPLICATION_JSON_TYPE
              : response.getMediaType();
      var text = bodyBytes(entity);
      store.store(mine, status, type.toString(), text == null ? null : key.encrypt(text), null);
    }
  }

  private static void unbind() {
    IdempotencyContext.unbind();
    CommitHook.unbind();
  }

  private static byte[] bodyBytes(Object entity) {
    return switch (entity) {
      case null -> null;
      case byte[] bytes -> bytes;
      case String text -> text.getBytes(StandardCharsets.UTF_8);
      default -> Json.write(entity).getBytes(StandardCharsets.UTF_8);
    };
  }

  private static boolean lostKey(int status, Object entity) {
    return status == CONFLICT
        && entity instanceof ApiError.Envelope(var error)
        && "idempotency_key_in_use".equals(error.code());
  }

  /** The body for the fingerprint; of a form, whose boundary is random, only the length. */
  private static byte[] body(ContainerRequestContext request) throws IOException {
    var type = request.getMediaType();
    if (type != null && type.getType().equalsIgnoreCase("multipart")) {
      return Integer.toString(request.getLength()).getBytes(StandardCharsets.US_ASCII);
    }
    var bytes = BodyLimit.read(request.getEntityStream());
    request.setEntityStream(new ByteArrayInputStream(bytes));
    return bytes;
  }

  /** 409 while another request with the same key is in progress. */
  static ApiException inUse() {
    return new ApiException(
        CONFLICT,
        new ApiError(
            "Another request with this Idempotency-Key is in progress. Please try again.",
            ApiError.INVALID_REQUEST,
            null,
            "idempotency_key_in_use"));
  }

  /** 400 for a request that was carried out but whose response cannot be recovered. */
  static ApiException responseLost() {
    return ApiException.invalid(
        IdempotencyKey.HEADER,
        "idempotency_answer_lost",
        "The request was carried out, but the server stopped before its response was stored.");
  }
}
