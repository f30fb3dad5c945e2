package dev.threadmill.debuglogs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.http.RequestId;
import dev.threadmill.projects.Caller;
import dev.threadmill.telemetry.tracing.DebugWork;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/**
 * Keeps requests that ask for it by {@value #HEADER}, and all that change something where the
 * project is set so.
 */
public class DebugLogFilter {
  static final String HEADER = "OpenAI-Log-Level";

  private static final String DEBUG = "debug";
  private static final String OWN_PATH = "/logs/debug";
  private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

  /** Headers that are secrets, or hold some. */
  private static final Set<String> SECRET =
      Set.of("authorization", "cookie", "api-key", "x-api-key", "proxy-authorization");

  private final DebugLogSettings settings;
  private final KeepDebugLog log;

  DebugLogFilter(DebugLogSettings settings, KeepDebugLog log) {
    this.settings = settings;
    this.log = log;
  }

  @ServerRequestFilter(priority = Priorities.AUTHENTICATION + 50)
  public void keep(ContainerRequestContext request, RoutingContext connection) {
    var caller = Caller.find();
    if (caller.isEmpty()) {
      return;
    }
    var level = request.getHeaderString(HEADER);
    var project = caller.get().project();
    boolean isAsked = level != null && level.strip().equalsIgnoreCase(DEBUG);
    if (!isAsked && (!settings.isEnabled(project) || READING.contains(request.getMethod()))) {
      return;
    }
    var path = request.getUriInfo().getPath();
    if (path.contains(OWN_PATH)) {
      return;
    }
    var work = new DebugWork(project, RequestId.current(), null, null);
    work.bindToRequest();
    log.request(work, described(request, path, connection));
  }

  private static ObjectNode described(
      ContainerRequestContext request, String path, RoutingContext connection) {
    var described =
        Json.MAPPER.createObjectNode().put("method", request.getMethod()).put("path", path);
    described.put("query", request.getUriInfo().getRequestUri().getRawQuery());
    var headers = described.putObject("headers");
    request
        .getHeaders()
        .forEach(
            (name, values) -> {
              var lower = name.toLowerCase(Locale.ROOT);
              headers.put(lower, SECRET.contains(lower) ? "…" : String.join(", ", values));
            });
    var body = connection.body() == null ? null : connection.body().buffer();
    if (body != null) {
      addBody(described, body);
    }
    return described;
  }

  private static void addBody(ObjectNode described, Buffer body) {
    if (body.length() > KeepDebugLog.MAX_CONTENT) {
      described.put("body", body.getString(0, KeepDebugLog.MAX_CONTENT));
      return;
    }
    try {
      described.set("body", Json.MAPPER.readTree(body.getBytes()));
    } catch (IOException e) {
      described.put("body", body.toString());
    }
  }
}
