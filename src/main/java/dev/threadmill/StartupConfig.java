package dev.threadmill;

import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.db.DatabaseUrl;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The settings that are needed before Quarkus boots, from THREADMILL_* in the environment. An empty
 * variable counts as not set.
 *
 * @param host the address to listen on
 * @param port the port to listen on, 0 for a free one
 * @param home data, uploads and caches
 * @param cache files that can be recreated
 * @param database empty for the embedded one
 * @param kafka bootstrap servers for the signals between nodes; empty for none
 * @param publicUrl the address at which clients reach the server; empty to take it from each
 *     request
 * @param corsOrigins of the pages in browsers that may call the API; empty for none
 */
record StartupConfig(
    InetAddress host,
    int port,
    Path home,
    Path cache,
    Optional<DatabaseUrl> database,
    Optional<String> kafka,
    Optional<String> publicUrl,
    List<String> corsOrigins) {

  private static final String HOST = "THREADMILL_HOST";
  private static final String PORT = "THREADMILL_PORT";
  private static final String HOME = "THREADMILL_HOME";
  private static final String CACHE = "THREADMILL_CACHE";
  private static final String DATABASE_URL = "THREADMILL_DATABASE_URL";
  private static final String KAFKA = "THREADMILL_KAFKA";
  private static final String PUBLIC_URL = "THREADMILL_PUBLIC_URL";
  private static final String CORS_ORIGINS = "THREADMILL_CORS_ORIGINS";

  /** All variables that are read here. */
  static final Set<String> VARIABLES =
      Set.of(HOST, PORT, HOME, CACHE, DATABASE_URL, KAFKA, PUBLIC_URL, CORS_ORIGINS);

  /** Reads the variables; throws {@link InvalidSettingException} at the first one that is wrong. */
  static StartupConfig from(Map<String, String> environment) {
    Path home =
        value(environment, HOME).map(text -> path(HOME, text)).orElseGet(() -> home(environment));
    return new StartupConfig(
        host(value(environment, HOST).orElse("127.0.0.1")),
        port(value(environment, PORT).orElse("8080")),
        home,
        value(environment, CACHE).map(text -> path(CACHE, text)).orElse(home.resolve("cache")),
        value(environment, DATABASE_URL).map(StartupConfig::database),
        value(environment, KAFKA).map(StartupConfig::kafka),
        value(environment, PUBLIC_URL).map(StartupConfig::publicUrl),
        value(environment, CORS_ORIGINS).map(StartupConfig::corsOrigins).orElse(List.of()));
  }

  /** The default home: {@code ~/.threadmill}. */
  static Path home(Map<String, String> environment) {
    // HOME first: it is what ~ means in a shell, whichever user the process runs as.
    String user = value(environment, "HOME").orElse(System.getProperty("user.home"));
    return path(HOME, user).resolve(".threadmill");
  }

  /**
   * Creates the home if it is missing; throws {@link InvalidSettingException} if it is not
   * writable.
   */
  void checkHome() {
    try {
      Files.createDirectories(home);
      Files.delete(Files.createTempFile(home, "check", ""));
    } catch (IOException e) {
      String why = e.getClass().getSimpleName().replace("Exception", "");
      throw new InvalidSettingException(
          HOME, home, "cannot be written to (" + why + "); set it to a writable folder");
    }
  }

  /** Throws {@link InvalidSettingException} if the port is taken. */
  void checkPort() {
    try (var socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
    } catch (BindException e) {
      String message = String.valueOf(e.getMessage());
      if (message.contains("assign")) {
        throw new InvalidSettingException(
            HOST, host.getHostAddress(), "is not an address of this machine");
      }
      throw new InvalidSettingException(
          PORT,
          port,
          message.contains("ermission")
              ? "needs more privileges; choose a port above 1023"
              : "is in use by another program; stop that one or choose another port");
    } catch (IOException e) {
      throw new InvalidSettingException(PORT, port, "cannot be listened on: " + e.getMessage());
    }
  }

  private static Optional<String> value(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name))
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }

  private static InetAddress host(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new InvalidSettingException(HOST, text, "is not a host name or address");
    }
  }

  private static int port(String text) {
    if (text.matches("tcp://.*")) {
      throw new InvalidSettingException(
          PORT,
          text,
          "comes from Kubernetes for a service named threadmill; set enableServiceLinks: false"
              + " in the pod, or set "
              + PORT
              + " there");
    }
    if (!text.matches("\\d{1,5}") || Integer.parseInt(text) > 65_535) {
      throw new InvalidSettingException(
          PORT, text, "is not a port number (1 to 65535, or 0 for a free one)");
    }
    return Integer.parseInt(text);
  }

  private static Path path(String variable, String text) {
    try {
      return Path.of(text).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw new InvalidSettingException(variable, text, "is not the name of a folder");
    }
  }

  private static String kafka(String text) {
    for (String server : text.split(",")) {
      if (!server.strip().matches("(\\[[0-9A-Fa-f:.]+]|[^\\s:/\\[\\]]+):\\d{1,5}")) {
        throw new InvalidSettingException(
            KAFKA, text, "is not a list of servers like kafka-1:9092,kafka-2:9092");
      }
    }
    return text.replaceAll("\\s", "");
  }

  private static String publicUrl(String text) {
    try {
      var url = new URI(text);
      if (("http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme()))
          && url.getHost() != null
          && url.getPort() <= 65_535
          && url.getRawUserInfo() == null
          && url.getRawQuery() == null
          && url.getRawFragment() == null) {
        return text.replaceAll("/+$", "");
      }
    } catch (URISyntaxException e) {
      // Reported below.
    }
    throw new InvalidSettingException(
        PUBLIC_URL, text, "is not an address like https://threadmill.example.com");
  }

  private static List<String> corsOrigins(String text) {
    var origins = Stream.of(text.split(",")).map(String::strip).toList();
    if (!origins.equals(List.of("*")) && !origins.stream().allMatch(StartupConfig::isOrigin)) {
      throw new InvalidSettingException(
          CORS_ORIGINS,
          text,
          "is not a list of origins like https://app.example.com,http://localhost:3000, or *");
    }
    return origins;
  }

  private static boolean isOrigin(String text) {
    return text.matches("https?://(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9.-]+)(:\\d{1,5})?");
  }

  private static DatabaseUrl database(String text) {
    try {
      return DatabaseUrl.parse(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidSettingException(DATABASE_URL, e.getMessage());
    }
  }
}
