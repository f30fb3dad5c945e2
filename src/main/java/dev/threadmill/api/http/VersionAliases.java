package dev.threadmill.api.http;

import dev.threadmill.api.ProjectId;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The API under its other names. A request is routed on under its canonical name, {@code /v1/…}:
 *
 * <ul>
 *   <li>{@code /v2/…} and {@code /v26/…},
 *   <li>{@code /v1/private/{name}/…}, also with the other versions: if a project has this private
 *       path, only its keys are answered,
 *   <li>the paths of Azure's clients: {@code /openai/…}, {@code /openai/v1/…}, {@code
 *       /openai/deployments/{model}/…}, where the deployment is the model, and {@code
 *       /api/projects/{project}/…}. Any {@code api-version} is accepted, and a key that is sent as
 *       {@code api-key}.
 * </ul>
 */
@ApplicationScoped
public class VersionAliases {
  private static final Pattern PRIVATE =
      Pattern.compile("/v(?:1|2|26)/private/([A-Za-z0-9_-]{1,64})(/.*)?");
  private static final Pattern VERSION = Pattern.compile("/v(?:2|26)(/.*)?");
  private static final Pattern DEPLOYMENT =
      Pattern.compile("/openai/deployments/([^/]{1,256})(/.*)");
  private static final Pattern AZURE_PROJECT =
      Pattern.compile("/api/projects/([^/]{1,256})(?:/openai)?(?:/v1)?(/.*)?");
  private static final Pattern AZURE = Pattern.compile("/openai(?:/v1)?(/.*)?");
  private static final int AFTER_REQUEST_ID = 900;

  private static final String DEPLOYMENT_KEY = "threadmill.deployment";
  private static final String PRIVATE_PATH_KEY = "threadmill.private-path";
  private static final String API_KEY = "api-key";
  private static final String PROJECT = "OpenAI-Project";

  void onEveryRequest(@Observes Filters filters) {
    filters.register(VersionAliases::canonical, AFTER_REQUEST_ID);
  }

  /** The model that a path of Azure's clients names in place of the body; empty for other paths. */
  static Optional<String> deployment(RoutingContext context) {
    return Optional.ofNullable(context.get(DEPLOYMENT_KEY));
  }

  /** The private path below which a request came; empty for other requests. */
  public static Optional<String> privatePath(RoutingContext context) {
    return Optional.ofNullable(context.get(PRIVATE_PATH_KEY));
  }

  private static void canonical(RoutingContext context) {
    acceptApiKey(context);
    var path = context.request().path();
    var rest = path == null ? null : canonical(context, path);
    if (rest == null) {
      context.next();
      return;
    }
    var query = context.request().query();
    context.reroute(context.request().method(), "/v1" + rest + (query == null ? "" : "?" + query));
  }

  /** What follows {@code /v1}; null if the path is no other name of the API. */
  private static String canonical(RoutingContext context, String path) {
    var own = PRIVATE.matcher(path);
    if (own.matches()) {
      context.put(PRIVATE_PATH_KEY, own.group(1));
      return orEmpty(own.group(2));
    }
    var version = VERSION.matcher(path);
    if (version.matches()) {
      return orEmpty(version.group(1));
    }
    var deployment = DEPLOYMENT.matcher(path);
    if (deployment.matches()) {
      decoded(deployment.group(1)).ifPresent(model -> context.put(DEPLOYMENT_KEY, model));
      return deployment.group(2);
    }
    var project = AZURE_PROJECT.matcher(path);
    if (project.matches()) {
      actIn(context, project.group(1));
      return orEmpty(project.group(2));
    }
    var azure = AZURE.matcher(path);
    return azure.matches() ? orEmpty(azure.group(1)) : null;
  }

  private static String orEmpty(String rest) {
    return rest == null ? "" : rest;
  }

  private static Optional<String> decoded(String segment) {
    try {
      return Optional.of(URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** A project of this server is meant; any other name is one that the client has from Azure. */
  private static void actIn(RoutingContext context, String project) {
    var headers = context.request().headers();
    if (project.startsWith(ProjectId.PREFIX) && !headers.contains(PROJECT)) {
      headers.set(PROJECT, project);
    }
  }

  private static void acceptApiKey(RoutingContext context) {
    var headers = context.request().headers();
    var key = headers.get(API_KEY);
    if (key != null && !headers.contains(HttpHeaders.AUTHORIZATION)) {
      headers.set(HttpHeaders.AUTHORIZATION, "Bearer " + key.strip());
    }
  }
}
