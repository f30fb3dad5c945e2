package dev.threadmill.api.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.spi.BeanManager;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The routes of the API, read from its resources: their templates and methods. */
@ApplicationScoped
public class Routes {
  private static final Pattern PARAMETER = Pattern.compile("\\{\\s*(\\w+)\\s*(?::([^}]*))?}");

  private final List<Route> routes;

  /**
   * A route.
   *
   * @param template such as {@code /v1/threads/{thread_id}}
   * @param methods of the requests that it takes
   */
  public record Route(String template, Pattern pattern, Set<String> methods) {
    /** The methods that are answered, also those that need no implementation. */
    public Set<String> allowed() {
      var allowed = new TreeSet<>(methods);
      if (methods.contains(HttpMethod.GET)) {
        allowed.add(HttpMethod.HEAD);
      }
      allowed.add(HttpMethod.OPTIONS);
      return allowed;
    }
  }

  Routes(BeanManager beans) {
    var methods = new TreeMap<String, Set<String>>();
    beans.getBeans(Object.class, Any.Literal.INSTANCE).stream()
        .map(bean -> bean.getBeanClass())
        .filter(type -> type.isAnnotationPresent(Path.class))
        .forEach(
            type -> {
              for (var method : type.getDeclaredMethods()) {
                verb(method)
                    .ifPresent(
                        verb ->
                            methods
                                .computeIfAbsent(template(type, method), _ -> new TreeSet<>())
                                .add(verb));
              }
            });
    var found = new ArrayList<Route>();
    methods.forEach(
        (template, verbs) -> found.add(new Route(shown(template), pattern(template), verbs)));
    // A literal segment goes before a parameter, as it does for the router.
    found.sort(
        (a, b) ->
            Long.compare(
                a.template().chars().filter(c -> c == '{').count(),
                b.template().chars().filter(c -> c == '{').count()));
    this.routes = List.copyOf(found);
  }

  private static Optional<String> verb(Method method) {
    for (var annotation : method.getAnnotations()) {
      var verb = annotation.annotationType().getAnnotation(HttpMethod.class);
      if (verb != null) {
        return Optional.of(verb.value());
      }
    }
    return Optional.empty();
  }

  private static String template(Class<?> type, Method method) {
    var below = method.getAnnotation(Path.class);
    var base = type.getAnnotation(Path.class).value();
    var path = below == null ? base : base + "/" + below.value();
    return ("/" + path).replaceAll("/{2,}", "/").replaceAll("(?<=.)/$", "");
  }

  private static String shown(String template) {
    return PARAMETER.matcher(template).replaceAll("{$1}");
  }

  private static Pattern pattern(String template) {
    var pattern = new StringBuilder();
    int at = 0;
    for (var parameter = PARAMETER.matcher(template); parameter.find(); at = parameter.end()) {
      pattern.append(Pattern.quote(template.substring(at, parameter.start())));
      pattern.append(parameter.group(2) == null ? "[^/]+" : parameter.group(2).strip());
    }
    return Pattern.compile(pattern.append(Pattern.quote(template.substring(at))) + "/?");
  }

  /** The route of a path; empty if the API has none. */
  public Optional<Route> find(String path) {
    return routes.stream().filter(route -> route.pattern().matcher(path).matches()).findFirst();
  }

  /** All routes. */
  public List<Route> all() {
    return routes;
  }
}
