package dev.threadmill.projects;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Which scope each operation of the API needs, and which operations client tokens may use. An
 * operation that no rule names can be read with {@link Scope#READ} and changed with {@link
 * Scope#MANAGE}, and is not for browsers.
 */
public final class EndpointScopes {
  /** The path of client tokens, whose making is audited although it is no privilege of admins. */
  static final String CLIENT_TOKENS = "/v1/client_tokens";

  private static final String DEBUG_LOGS = "/v1/projects/{project_id}/logs/debug";
  private static final String ANY = "*";
  private static final String WRITE = "POST|DELETE|PUT|PATCH";

  /** The first that fits an operation counts. */
  private static final List<Rule> RULES =
      List.of(
          // Projects and their keys.
          rule("GET", "/v1/projects/\\{project_id}/(api_keys/\\{key_id}/)?limits", Scope.READ),
          rule(ANY, "/v1/projects/\\{project_id}/api_keys(/.*)?", Scope.ADMIN),
          rule("POST", "/v1/projects/\\{project_id}/(limits|bursts)", Scope.ADMIN),
          rule("GET", "/v1/projects/\\{project_id}", Scope.READ),
          rule(ANY, "/v1/projects(/\\{project_id})?", Scope.ADMIN),
          rule(ANY, "/v1/projects/\\{project_id}/logs/debug(/.*)?", Scope.ADMIN),
          // Everything about a user: whoever may read the threads may have it in one piece.
          rule("GET", "/v1/projects/\\{project_id}/users/\\{user}(/.*)?", Scope.READ),
          rule(WRITE, "/v1/projects/\\{project_id}/users/\\{user}(/.*)?", Scope.MANAGE),
          rule(ANY, "/v1/(audit_logs|organization)(/.*)?", Scope.ADMIN),
          rule(ANY, CLIENT_TOKENS + "(/.*)?", Scope.RUN),
          // Whoever may only run threads, or has a token for one, does not set what they may use.
          rule("GET", "/v1/(assistants|threads)/\\{\\w+}/limits", Scope.READ),
          rule("POST", "/v1/(assistants|threads)/\\{\\w+}/limits", Scope.MANAGE),
          rule(ANY, "/v1/(imports|exports)(/.*)?", Scope.MANAGE),
          rule("GET", "/v1/nodes", Scope.ADMIN),
          rule(ANY, "/v1/console_sessions(/.*)?", Scope.READ),
          // What a page needs. The prompt of a model call is not among it.
          rule(
              "GET",
              "/v1/threads/\\{thread_id}/runs/\\{run_id}/steps/.*/context(/.*)?",
              Scope.READ),
          rule("POST", "/v1/threads/\\{thread_id}/memory/search", Scope.READ),
          rule("GET", "/v1/threads/\\{thread_id}/memory(/.*)?", Scope.READ),
          rule(WRITE, "/v1/threads/\\{thread_id}/memory(/.*)?", Scope.RUN),
          rule("GET", "/v1/threads(/.*)?", Scope.READ).forBrowsers(),
          rule(WRITE, "/v1/threads(/.*)?", Scope.RUN).forBrowsers(),
          rule("GET", "/v1/files(/.*)?", Scope.READ).forBrowsers(),
          rule(WRITE, "/v1/files(/.*)?", Scope.RUN).forBrowsers(),
          // Work.
          rule("POST", "/v1/vector_stores/\\{vector_store_id}/search", Scope.READ),
          rule(
              WRITE,
              "/v1/(responses|conversations|containers|uploads|chat|embeddings|moderations)(/.*)?",
              Scope.RUN),
          rule(WRITE, "/v1/(mcp|a2a)(/.*)?", Scope.RUN));

  private static final Map<Method, Operation> KNOWN = new ConcurrentHashMap<>();

  private EndpointScopes() {}

  private record Rule(String methods, Pattern template, Scope scope, boolean isForBrowsers) {
    Rule forBrowsers() {
      return new Rule(methods, template, scope, true);
    }

    boolean fits(String method, String path) {
      return (methods.equals(ANY) || List.of(methods.split("\\|")).contains(method))
          && template.matcher(path).matches();
    }
  }

  /**
   * An operation and what it needs.
   *
   * @param template such as {@code /v1/threads/{thread_id}}
   * @param isForBrowsers whether client tokens may use it
   */
  public record Operation(String method, String template, Scope scope, boolean isForBrowsers) {
    /** Whether admins may use it who may only read. The contents of debug logs are not for them. */
    boolean isForReaders() {
      return method.equals(HttpMethod.GET) && !template.startsWith(DEBUG_LOGS);
    }
  }

  private static Rule rule(String methods, String template, Scope scope) {
    return new Rule(methods, Pattern.compile(template), scope, false);
  }

  /** What an operation needs. */
  public static Operation of(String method, String template) {
    return RULES.stream()
        .filter(rule -> rule.fits(method, template))
        .findFirst()
        .map(rule -> new Operation(method, template, rule.scope(), rule.isForBrowsers()))
        .orElseGet(
            () ->
                new Operation(
                    method,
                    template,
                    method.equals(HttpMethod.GET) ? Scope.READ : Scope.MANAGE,
                    false));
  }

  /** What the method of a resource needs. */
  static Operation of(Method method) {
    return KNOWN.computeIfAbsent(method, _ -> of(verb(method), template(method)));
  }

  private static String verb(Method method) {
    for (var annotation : method.getAnnotations()) {
      var verb = annotation.annotationType().getAnnotation(HttpMethod.class);
      if (verb != null) {
        return verb.value();
      }
    }
    return HttpMethod.POST;
  }

  private static String template(Method method) {
    var base = method.getDeclaringClass().getAnnotation(Path.class);
    var below = method.getAnnotation(Path.class);
    return ("/" + (base == null ? "" : base.value()) + "/" + (below == null ? "" : below.value()))
        .replaceAll("\\{\\s*(\\w+)\\s*:[^}]*}", "{$1}")
        .replaceAll("/{2,}", "/")
        .replaceAll("(?<=.)/$", "");
  }
}
