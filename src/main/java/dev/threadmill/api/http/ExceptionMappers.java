package dev.threadmill.api.http;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import jakarta.inject.Inject;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.NotSupportedException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/**
 * Maps exceptions to responses. Only the message of an {@link ApiException} reaches the client; any
 * other exception is logged with the id of the request, and the response contains that id alone.
 */
public class ExceptionMappers {
  private static final Logger LOG = Logger.getLogger(ExceptionMappers.class);

  private static final int UNAUTHORIZED = 401;

  /** For metrics only, since the client has disconnected. */
  private static final int CLIENT_CLOSED_REQUEST = 499;

  private static final int TOO_LARGE = 413;

  @Context Request request;
  @Context UriInfo uri;
  @Inject Routes routes;
  @Inject CurrentVertxRequest connection;

  @ServerExceptionMapper
  public Response api(ApiException e) {
    return answer(e);
  }

  @ServerExceptionMapper
  public Response notFound(NotFoundException e) {
    return answer(
        new ApiException(
            404,
            new ApiError(
                NotFoundMessages.of(request.getMethod(), uri.getPath(), firstSegments()),
                ApiError.INVALID_REQUEST,
                null,
                null)));
  }

  private Set<String> firstSegments() {
    return routes.all().stream()
        .map(route -> route.template().split("/"))
        .filter(segments -> segments.length > 2)
        .map(segments -> segments[2])
        .collect(Collectors.toUnmodifiableSet());
  }

  @ServerExceptionMapper
  public Response notAllowed(NotAllowedException e) {
    var allowed =
        routes.find(uri.getPath()).map(route -> String.join(", ", route.allowed())).orElse("");
    var answer =
        answer(
            new ApiException(
                405,
                new ApiError(
                    "Not allowed to %s on %s.".formatted(request.getMethod(), uri.getPath()),
                    ApiError.INVALID_REQUEST,
                    null,
                    "method_not_supported")));
    return Response.fromResponse(answer).header(HttpHeaders.ALLOW, allowed).build();
  }

  @ServerExceptionMapper
  public Response unsupported(NotSupportedException e) {
    return answer(
        new ApiException(
            415,
            new ApiError(
                "Unsupported content type. This API method only accepts 'application/json'"
                    + " requests.",
                ApiError.INVALID_REQUEST,
                null,
                "unsupported_content_type")));
  }

  @ServerExceptionMapper
  public Response web(WebApplicationException e) {
    int status = e.getResponse().getStatus();
    if (status >= 500) {
      return unexpected(e);
    }
    return answer(
        new ApiException(
            status,
            new ApiError(
                e.getResponse().getStatusInfo().getReasonPhrase(),
                ApiError.INVALID_REQUEST,
                null,
                null)));
  }

  @ServerExceptionMapper
  public Response unexpected(Throwable e) {
    if (e instanceof Unavailable outage && outage.isOutage()) {
      LOG.warnf("unavailable method=%s path=%s cause=%s", request.getMethod(), uri.getPath(), e);
      return answer(ApiException.unavailable(outage.publicMessage(), 1));
    }
    if (e instanceof IOException && isClientGone()) {
      LOG.debugf("client disconnected method=%s path=%s", request.getMethod(), uri.getPath());
      return Response.status(CLIENT_CLOSED_REQUEST).build();
    }
    if (isBrokenConnection(e)) {
      LOG.warnf("unavailable method=%s path=%s cause=%s", request.getMethod(), uri.getPath(), e);
      return answer(
          ApiException.unavailable(
              "The database is not available at the moment. Please try again.", 1));
    }
    var id = RequestId.current();
    LOG.errorf(e, "unforeseen method=%s path=%s", request.getMethod(), uri.getPath());
    return answer(
        new ApiException(
            500,
            new ApiError(
                "The server had an error while processing your request. Its log tells more under"
                    + " request id %s.".formatted(id),
                ApiError.SERVER_ERROR,
                null,
                null)));
  }

  private boolean isClientGone() {
    var current = connection.getCurrent();
    return current != null && current.response().closed();
  }

  /** Hibernate wraps the exception of the driver. */
  private static boolean isBrokenConnection(Throwable e) {
    for (var cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        var state = sql.getSQLState();
        return state == null || state.startsWith("08") || state.startsWith("57P");
      }
    }
    return false;
  }

  /** An exception that may be an outage: nothing was done, and a retry will most likely succeed. */
  public interface Unavailable {
    /** Whether it is an outage. */
    boolean isOutage();

    /** The message for the client. */
    String publicMessage();
  }

  private static Response answer(ApiException e) {
    var response =
        Response.status(e.httpStatus())
            .type(MediaType.APPLICATION_JSON_TYPE)
            .entity(e.error().inEnvelope());
    e.retryAfter().ifPresent(wait -> addRetryAfter(response, wait));
    if (e.isRetryDiscouraged()) {
      response.header("x-should-retry", "false");
    } else if (e.retryAfter().isPresent()) {
      // Nothing was done. Clients that hold state repeat a request only if they are told to.
      response.header("x-should-retry", "true");
    }
    if (e.httpStatus() == UNAUTHORIZED) {
      response.header(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
    }
    if (e.httpStatus() == TOO_LARGE) {
      // The rest of the body is not read.
      response.header("Connection", "close");
    }
    return response.build();
  }

  /** In whole seconds, as the standard requires, and in milliseconds, as SDKs prefer. */
  private static void addRetryAfter(Response.ResponseBuilder response, Duration wait) {
    long millis = Math.max(1, wait.toMillis());
    response.header(HttpHeaders.RETRY_AFTER, Long.toString((millis + 999) / 1_000));
    response.header("retry-after-ms", Long.toString(millis));
  }
}
