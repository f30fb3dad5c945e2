package dev.threadmill.tools;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.McpSpec;
import dev.threadmill.guard.AllowedDomains;
import dev.threadmill.guard.SafeHttp;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.guard.SecretText;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** Talks to MCP servers: asks for their tools, which are kept for a while, and calls them. */
@Singleton
class McpServers {
  private static final Logger LOG = Logger.getLogger(McpServers.class);
  private static final int MOST_LISTS = 500;
  private static final int MOST_TOOLS = 512;

  private final McpJsonMapper json =
      new JacksonMcpJsonMapper(
          new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES));
  private final SafeHttp http;
  private final SecretBox secrets;
  private final ToolSettings settings;
  private final InstantSource clock;
  private final Map<Key, Listed> lists =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Listed> eldest) {
          return size() > MOST_LISTS;
        }
      };

  private record Key(ProjectId project, String url, Map<String, SecretText> headers) {}

  private record Listed(List<McpSchema.Tool> tools, Instant until) {}

  McpServers(SafeHttp http, SecretBox secrets, ToolSettings settings, InstantSource clock) {
    this.http = http;
    this.secrets = secrets;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * The tools of a server, perhaps as they were a few minutes ago; older still if it does not
   * answer now.
   *
   * @throws ToolFailure if it never answered
   */
  List<McpSchema.Tool> tools(ProjectId project, McpSpec spec, AllowedDomains domains)
      throws ToolFailure, InterruptedException {
    var key = new Key(project, spec.serverUrl(), spec.headers());
    Listed known;
    synchronized (lists) {
      known = lists.get(key);
    }
    if (known != null && clock.instant().isBefore(known.until())) {
      return known.tools();
    }
    try {
      var tools = inSession(project, spec, domains, null, _ -> {}, this::list);
      synchronized (lists) {
        lists.put(key, new Listed(tools, clock.instant().plus(settings.mcpListLife())));
      }
      return tools;
    } catch (ToolFailure e) {
      if (known == null) {
        throw e;
      }
      LOG.warnf("mcp list stale project_id=%s server_label=%s", project, spec.serverLabel());
      return known.tools();
    }
  }

  /** The tools of a server as they were last heard of here; none if they never were. */
  List<McpSchema.Tool> known(ProjectId project, McpSpec spec) {
    synchronized (lists) {
      var known = lists.get(new Key(project, spec.serverUrl(), spec.headers()));
      return known == null ? List.of() : known.tools();
    }
  }

  /** Calls a tool of a server. */
  McpSchema.CallToolResult call(ToolContext context, McpSpec spec, String tool, JsonNode arguments)
      throws ToolFailure, InterruptedException {
    Map<String, Object> values =
        Json.MAPPER.convertValue(
            arguments, new com.fasterxml.jackson.core.type.TypeReference<>() {});
    Map<String, Object> meta =
        Map.of(
            "threadmill/idempotency-key",
            context.call().value(),
            "progressToken",
            context.call().value());
    context.listener().again();
    return inSession(
        context.project(),
        spec,
        context.allowedDomains(),
        context.call().value(),
        new Progress(context.listener()),
        client -> client.callTool(new McpSchema.CallToolRequest(tool, values, meta)));
  }

  /** Tells how a call goes. What is overtaken on its way through the client is left out. */
  private static final class Progress implements Consumer<McpSchema.ProgressNotification> {
    private final ToolListener listener;
    private double furthest = Double.NEGATIVE_INFINITY;

    Progress(ToolListener listener) {
      this.listener = listener;
    }

    @Override
    public synchronized void accept(McpSchema.ProgressNotification told) {
      if (told.progress() != null && told.progress() > furthest) {
        furthest = told.progress();
        listener.progress(words(told));
      }
    }
  }

  /** A line on how a call goes, in the server's words or as numbers. */
  private static String words(McpSchema.ProgressNotification told) {
    if (told.message() != null && !told.message().isBlank()) {
      return told.message().strip() + "\n";
    }
    return told.total() == null
        ? "%s\n".formatted(told.progress())
        : "%s of %s\n".formatted(told.progress(), told.total());
  }

  private List<McpSchema.Tool> list(McpSyncClient client) {
    var tools = new ArrayList<McpSchema.Tool>();
    var page = client.listTools();
    tools.addAll(page.tools());
    while (page.nextCursor() != null && !page.tools().isEmpty() && tools.size() < MOST_TOOLS) {
      page = client.listTools(page.nextCursor());
      tools.addAll(page.tools());
    }
    return List.copyOf(tools);
  }

  private interface Work<T> {
    T with(McpSyncClient client);
  }

  private <T> T inSession(
      ProjectId project,
      McpSpec spec,
      AllowedDomains domains,
      String idempotencyKey,
      Consumer<McpSchema.ProgressNotification> onProgress,
      Work<T> work)
      throws ToolFailure, InterruptedException {
    var transport =
        new McpTransport(
            http,
            json,
            new McpTransport.Target(
                spec.serverUrl(),
                opened(project, spec),
                List.of(domains),
                settings.timeout(),
                settings.maxAnswer(),
                idempotencyKey));
    var client =
        McpClient.sync(transport)
            .clientInfo(new McpSchema.Implementation("threadmill", "1"))
            .jsonSchemaValidator(
                (_, value) -> JsonSchemaValidator.ValidationResponse.asValid(String.valueOf(value)))
            .progressConsumer(onProgress)
            .requestTimeout(settings.timeout())
            .initializationTimeout(settings.timeout())
            .build();
    var task =
        new FutureTask<>(
            () -> {
              try {
                client.initialize();
                return work.with(client);
              } finally {
                client.closeGracefully();
              }
            });
    // The SDK's own waiting hides interrupts, so it waits on a thread of its own.
    Thread.ofVirtual().name("mcp").start(task);
    try {
      return task.get();
    } catch (InterruptedException e) {
      task.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      throw failure(e.getCause(), transport);
    }
  }

  private static ToolFailure failure(Throwable cause, McpTransport transport) {
    if (transport.failure() != null) {
      var failure = transport.failure();
      return new ToolFailure(
          failure.mayHaveArrived() ? "outcome_unknown" : "unreachable",
          false,
          failure.getMessage());
    }
    for (var inner = cause; inner != null; inner = inner.getCause()) {
      if (inner instanceof McpError error) {
        return new ToolFailure("mcp_error", false, AnswerText.storable("" + error.getMessage()));
      }
      if (inner instanceof McpTransport.StatusException status) {
        return new ToolFailure("unreachable", false, status.getMessage());
      }
    }
    LOG.debugf(cause, "mcp failed");
    return new ToolFailure(
        "outcome_unknown", false, "The MCP server gave no answer that can be used in time.");
  }

  private Map<String, String> opened(ProjectId project, McpSpec spec) throws ToolFailure {
    var headers = new LinkedHashMap<String, String>();
    if (spec.headers() != null) {
      for (var header : spec.headers().entrySet()) {
        try {
          headers.put(
              header.getKey(), secrets.open(project, (SecretText.Sealed) header.getValue()));
        } catch (SecretBox.SealedForeverException e) {
          LOG.errorf("secret unreadable project_id=%s: %s", project, e.getMessage());
          throw new ToolFailure(
              "tool_not_set_up",
              false,
              "A secret of the tool cannot be read any more; set it again.");
        }
      }
    }
    return headers;
  }
}
