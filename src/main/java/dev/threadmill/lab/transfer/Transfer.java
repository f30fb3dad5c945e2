package dev.threadmill.lab.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * {@code ./threadmill import} and {@code ./threadmill export}: calls a running server with an API
 * key, uploads files, and shows the progress of an import until it has ended.
 */
public final class Transfer {
  private static final String USAGE =
      """
      ./threadmill import FILE|FOLDER|URL [--keep-ids] [--source NAME] [--thread-ids FILE]
      ./threadmill export [FILE]

      The server is THREADMILL_URL (http://127.0.0.1:8080), the key THREADMILL_API_KEY.
      The key of the server that is read is IMPORT_API_KEY, and the API version of Azure
      IMPORT_API_VERSION.""";

  private static final Set<String> ENDINGS = Set.of("json", "jsonl", "ndjson", "af");
  private static final int MAX_FILES = 100;
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final ServerCalls server;
  private final Map<String, String> environment;
  private final PrintStream out;

  Transfer(ServerCalls server, Map<String, String> environment, PrintStream out) {
    this.server = server;
    this.environment = environment;
    this.out = out;
  }

  /** The command has failed; the message says why. */
  static final class CommandException extends Exception {
    private static final long serialVersionUID = 1;

    CommandException(String message) {
      super(message);
    }
  }

  /** Runs one of the commands; the exit code is 1 if it fails, or if something was not taken. */
  public static void main(String[] args) throws InterruptedException {
    System.exit(run(List.of(args), System.getenv(), System.out, System.err));
  }

  static int run(
      List<String> args, Map<String, String> environment, PrintStream out, PrintStream err)
      throws InterruptedException {
    try {
      var key = environment.get("THREADMILL_API_KEY");
      if (args.isEmpty() || key == null) {
        throw new CommandException(key == null ? "THREADMILL_API_KEY is not set." : USAGE);
      }
      var port = environment.getOrDefault("THREADMILL_PORT", "8080");
      var url = environment.getOrDefault("THREADMILL_URL", "http://127.0.0.1:" + port);
      var transfer = new Transfer(new ServerCalls(url, key), environment, out);
      var rest = args.subList(1, args.size());
      return switch (args.getFirst()) {
        case "import" -> transfer.importFrom(rest);
        case "export" -> transfer.exportTo(rest);
        default -> throw new CommandException(USAGE);
      };
    } catch (CommandException e) {
      err.println(e.getMessage());
    } catch (IOException e) {
      err.println("The server cannot be reached, or a file cannot be read: " + e.getMessage());
    }
    return 1;
  }

  private int exportTo(List<String> args)
      throws IOException, CommandException, InterruptedException {
    if (args.size() > 1) {
      throw new CommandException(USAGE);
    }
    var file = Path.of(args.isEmpty() ? "export.jsonl" : args.getFirst());
    var counts = server.export(file);
    out.println("Exported to " + file + ": " + counts);
    return 0;
  }

  private int importFrom(List<String> args)
      throws IOException, CommandException, InterruptedException {
    var request = Json.MAPPER.createObjectNode();
    String source = null;
    String threads = null;
    for (int i = 0; i < args.size(); i++) {
      switch (args.get(i)) {
        case "--keep-ids" -> request.put("keep_ids", true);
        case "--source" -> request.put("source", value(args, ++i));
        case "--thread-ids" -> threads = value(args, ++i);
        default -> {
          if (source != null || args.get(i).startsWith("--")) {
            throw new CommandException(USAGE);
          }
          source = args.get(i);
        }
      }
    }
    if (source == null) {
      throw new CommandException(USAGE);
    }
    if (source.startsWith("http://") || source.startsWith("https://")) {
      var server = request.putObject("server").put("base_url", source);
      put(server, "api_key", environment.get("IMPORT_API_KEY"));
      put(server, "api_version", environment.get("IMPORT_API_VERSION"));
      if (threads != null) {
        var ids = server.putArray("thread_ids");
        Files.readAllLines(Path.of(threads)).stream()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .forEach(ids::add);
      }
    } else {
      var ids = request.putArray("file_ids");
      for (var file : files(Path.of(source))) {
        out.println("Uploading " + file);
        ids.add(server.upload(file));
      }
    }
    return await(server.post("/v1/imports", request));
  }

  private static String value(List<String> args, int at) throws CommandException {
    if (at >= args.size()) {
      throw new CommandException(USAGE);
    }
    return args.get(at);
  }

  private static void put(ObjectNode object, String name, String value) {
    if (value != null && !value.isEmpty()) {
      object.put(name, value);
    }
  }

  private static List<Path> files(Path source) throws IOException, CommandException {
    if (Files.isRegularFile(source)) {
      return List.of(source);
    }
    if (!Files.isDirectory(source)) {
      throw new CommandException("There is no file or folder " + source + ".");
    }
    var found = new ArrayList<Path>();
    try (var all = Files.walk(source)) {
      all.filter(Files::isRegularFile).filter(Transfer::isSource).sorted().forEach(found::add);
    }
    if (found.isEmpty() || found.size() > MAX_FILES) {
      throw new CommandException(
          "%s has %d files of %s; expected 1 to %d."
              .formatted(source, found.size(), String.join(", ", ENDINGS), MAX_FILES));
    }
    return found;
  }

  private static boolean isSource(Path file) {
    var name = file.getFileName().toString();
    return ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1));
  }

  private int await(JsonNode started) throws IOException, CommandException, InterruptedException {
    var path = "/v1/imports/" + started.path("id").asText();
    out.println("Import " + started.path("id").asText());
    var shown = "";
    while (true) {
      var now = server.get(path);
      var line = now.path("stage").asText() + " " + now.path("counts");
      if (!line.equals(shown)) {
        out.println(line);
        shown = line;
      }
      switch (now.path("status").asText()) {
        case "queued", "in_progress" -> Thread.sleep(PAUSE);
        case "completed" -> {
          now.path("problems").forEach(this::show);
          return now.path("problems").isEmpty() ? 0 : 1;
        }
        default ->
            throw new CommandException(
                "The import is %s. %s"
                    .formatted(now.path("status").asText(), now.path("error").asText("")));
      }
    }
  }

  private void show(JsonNode problem) {
    out.printf(
        "%s %s: %s%n",
        problem.path("kind").asText(),
        problem.path("source_id").asText(),
        problem.path("message").asText());
  }
}
