package dev.threadmill.db;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The address of a Postgres server, in the form of the JDBC driver.
 *
 * @param jdbcUrl without user and password
 * @param user empty for the default of the driver
 * @param password empty when none is needed
 */
public record DatabaseUrl(String jdbcUrl, Optional<String> user, Optional<String> password) {
  private static final String JDBC = "jdbc:postgresql:";

  /** Parameters whose name differs between libpq and the JDBC driver. */
  private static final Map<String, String> PARAMETERS =
      Map.of(
          "connect_timeout", "connectTimeout",
          "application_name", "ApplicationName",
          "channel_binding", "channelBinding",
          "target_session_attrs", "targetServerType",
          "keepalives", "tcpKeepAlive");

  /**
   * Reads {@code postgres://user:password@host:port/database?parameters}, {@code postgresql://…} or
   * {@code jdbc:postgresql:…}.
   *
   * @throws IllegalArgumentException with a line that does not repeat the address, which holds a
   *     password
   */
  public static DatabaseUrl parse(String text) {
    String url = text.strip();
    if (url.startsWith(JDBC)) {
      return jdbc(url);
    }
    String rest =
        after(url, "postgres://")
            .or(() -> after(url, "postgresql://"))
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "is not an address like postgres://user:password@host:5432/database"));
    Parts query = Parts.of(rest, "?");
    Parts path = Parts.of(query.first, "/");
    int at = path.first.lastIndexOf('@');
    Parts login = Parts.of(at < 0 ? "" : path.first.substring(0, at), ":");
    Map<String, String> parameters = parameters(query.second);
    Optional<String> user =
        text(decode(login.first)).or(() -> Optional.ofNullable(parameters.remove("user")));
    Optional<String> password =
        text(decode(login.second)).or(() -> Optional.ofNullable(parameters.remove("password")));
    String hosts = hosts(path.first.substring(at + 1));
    String database =
        text(decode(path.second))
            .or(() -> user)
            .orElseThrow(() -> new IllegalArgumentException("names no database after the host"));
    return new DatabaseUrl(
        JDBC + "//" + hosts + "/" + encode(database) + query(parameters), user, password);
  }

  private static DatabaseUrl jdbc(String url) {
    Parts query = Parts.of(url, "?");
    Map<String, String> parameters = parameters(query.second);
    if (query.first.startsWith(JDBC + "//")) {
      String hosts = Parts.of(query.first.substring((JDBC + "//").length()), "/").first;
      if (hosts.contains("@")) {
        throw new IllegalArgumentException(
            "has a user before the host, which a jdbc: address cannot; write postgres://… or ?user=…&password=…");
      }
      hosts(hosts);
    }
    Optional<String> user = Optional.ofNullable(parameters.remove("user"));
    Optional<String> password = Optional.ofNullable(parameters.remove("password"));
    String jdbcUrl = query.first + query(parameters);
    if (org.postgresql.Driver.parseURL(jdbcUrl, null) == null) {
      throw new IllegalArgumentException(
          "is not an address like jdbc:postgresql://host:5432/database");
    }
    return new DatabaseUrl(jdbcUrl, user, password);
  }

  /** Host, port and database, for messages: without user, password and parameters. */
  public String target() {
    return Parts.of(jdbcUrl, "?").first.substring(JDBC.length()).replaceFirst("^//", "");
  }

  /** Without the password, so that it cannot get into a log. */
  @Override
  public String toString() {
    return target();
  }

  private static String hosts(String hosts) {
    if (hosts.isEmpty()) {
      throw new IllegalArgumentException("names no host");
    }
    for (String host : hosts.split(",")) {
      int colon = host.lastIndexOf(':');
      String port = colon > host.lastIndexOf(']') ? host.substring(colon + 1) : "";
      if (!port.isEmpty() && !(port.matches("\\d{1,5}") && Integer.parseInt(port) <= 65_535)) {
        throw new IllegalArgumentException("has a port that is not a number up to 65535");
      }
    }
    return hosts;
  }

  private static Map<String, String> parameters(String query) {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String pair : query.split("&")) {
      if (!pair.isEmpty()) {
        Parts parts = Parts.of(pair, "=");
        String name = decode(parts.first);
        String value = decode(parts.second);
        if (name.equals("target_session_attrs")) {
          value = sessionKind(value);
        }
        parameters.put(PARAMETERS.getOrDefault(name, name), value);
      }
    }
    return parameters;
  }

  private static String sessionKind(String libpq) {
    return switch (libpq) {
      case "read-write" -> "primary";
      case "prefer-standby" -> "preferSecondary";
      case "standby", "read-only" -> "secondary";
      default -> libpq;
    };
  }

  private static String query(Map<String, String> parameters) {
    return parameters.isEmpty()
        ? ""
        : parameters.entrySet().stream()
            .map(entry -> encode(entry.getKey()) + "=" + encode(entry.getValue()))
            .collect(Collectors.joining("&", "?", ""));
  }

  private static Optional<String> after(String text, String prefix) {
    return text.startsWith(prefix)
        ? Optional.of(text.substring(prefix.length()))
        : Optional.empty();
  }

  private static Optional<String> text(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  /** Decodes percent signs only: a plus stays a plus, unlike in a form. */
  private static String decode(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "has a % that is not followed by two hex digits; a % itself is written %25", e);
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private record Parts(String first, String second) {
    static Parts of(String text, String separator) {
      int at = text.indexOf(separator);
      return at < 0
          ? new Parts(text, "")
          : new Parts(text.substring(0, at), text.substring(at + separator.length()));
    }
  }
}
