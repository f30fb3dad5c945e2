package dev.threadmill.lab.audit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * {@code ./threadmill audit verify}: has a running server verify the chains of its audit log, and
 * compares the ends of the chains with those of an earlier time.
 */
public final class AuditCommand {
  private static final String USAGE =
      """
      Usage: ./threadmill audit verify [URL] [--since FILE]

        URL           of the server, http://127.0.0.1:$THREADMILL_PORT unless given
        --since FILE  the output of an earlier call: a chain that is shorter now was cut or written anew

      THREADMILL_ADMIN_KEY is an admin key, or a key with the scope admin for its project alone.
      Exit code 1 if a chain is not whole, 2 if the log cannot be verified.
      """;

  private static final Duration TIMEOUT = Duration.ofMinutes(10);
  private static final String PORT = "8080";
  private static final int OK = 200;

  private final PrintStream out;
  private final PrintStream err;

  AuditCommand(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Exits with the code that the usage describes. */
  public static void main(String... args) throws InterruptedException {
    System.exit(new AuditCommand(System.out, System.err).run(System.getenv(), args));
  }

  int run(Map<String, String> environment, String... args) throws InterruptedException {
    var url = "http://127.0.0.1:" + environment.getOrDefault("THREADMILL_PORT", PORT);
    Path since = null;
    if (args.length == 0 || !args[0].equals("verify")) {
      err.print(USAGE);
      return 2;
    }
    for (int i = 1; i < args.length; i++) {
      if (args[i].equals("--since") && i + 1 < args.length) {
        since = Path.of(args[++i]);
      } else if (args[i].startsWith("http")) {
        url = args[i];
      } else {
        err.print(USAGE);
        return 2;
      }
    }
    var key = environment.get("THREADMILL_ADMIN_KEY");
    if (key == null || key.isBlank()) {
      err.println("Set THREADMILL_ADMIN_KEY to an admin key of the server.");
      return 2;
    }
    try {
      var earlier = since == null ? Map.<String, Long>of() : ends(since);
      return print(verification(url, key.strip()), earlier);
    } catch (IOException | IllegalArgumentException e) {
      err.println("The audit log cannot be verified: " + e.getMessage());
      return 2;
    }
  }

  private static JsonNode verification(String url, String key)
      throws IOException, InterruptedException {
    try (var client = HttpClient.newHttpClient()) {
      var request =
          HttpRequest.newBuilder(
                  URI.create(url.replaceAll("/+$", "") + "/v1/audit_logs/verification"))
              .header("Authorization", "Bearer " + key)
              .timeout(TIMEOUT)
              .build();
      var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != OK) {
        throw new IOException(
            "%s answers with status %d".formatted(request.uri(), answer.statusCode()));
      }
      return Json.MAPPER.readTree(answer.body());
    }
  }

  /** The sequence of the last entry of each chain, as an earlier call has printed it. */
  private static Map<String, Long> ends(Path file) throws IOException {
    var ends = new HashMap<String, Long>();
    for (var line : Files.readAllLines(file)) {
      var words = line.split("\\s+");
      if (words.length >= 4 && words[2].matches("\\d{1,18}")) {
        ends.put(words[1], Long.parseLong(words[2]));
      }
    }
    return ends;
  }

  /** A line for each chain: whether it is whole, its project, and its last entry with its hash. */
  private int print(JsonNode verification, Map<String, Long> earlier) {
    int broken = 0;
    var missing = new HashMap<>(earlier);
    for (var chain : verification.path("chains")) {
      var project = chain.path("project").asText("-");
      var name = project.equals("null") ? "-" : project;
      long last = chain.path("last_seq").asLong();
      var before = missing.remove(name);
      var fault =
          before != null && last < before
              ? "It had %d entries, and has %d now.".formatted(before, last)
              : chain.path("fault").asText("");
      boolean isWhole = chain.path("valid").asBoolean() && (before == null || last >= before);
      broken += isWhole ? 0 : 1;
      out.printf(
          "%s %s %d %s%s%n",
          isWhole ? "whole" : "BROKEN",
          name,
          last,
          chain.path("last_hash").asText(),
          isWhole ? "" : " " + fault);
    }
    for (var name : missing.keySet()) {
      broken++;
      out.printf("BROKEN %s 0 - The chain is gone.%n", name);
    }
    return broken == 0 ? 0 : 1;
  }
}
