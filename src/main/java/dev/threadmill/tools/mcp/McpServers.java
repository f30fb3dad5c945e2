package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StorableText;
import dev.threadmill.assistants.McpSpec;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.guard.SecretText;
import dev.threadmill.tools.SecretResolver;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.ToolListener;
import dev.threadmill.tools.ToolsConfig;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import jakarta.inject.Singleton;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** Talks to MCP servers: asks for their tools, which are kept for a while, and calls them. */
@Singleton
public class McpServers {
  private static final Logger LOG = Logger.getLogger(McpServers.class);
  private static final int MOST_LISTS = 500;
  private static final int MOST_TOOLS = 512;
  private static final Duration LIFE_WHEN_STALE = Duration.ofSeconds(30);

  /** The client's own clocks are set later than the one that counts here. */
  private static final Duration MARGIN = Duration.ofSeconds(5);

  private final McpJsonMapper json =
      new JacksonMcpJsonMapper(
          new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES));
  private final EgressClient http;
  private final SecretResolver secrets;
  private final ToolsConfig settings;
  private final InstantSource clock;
  private final Map<Key, CachedList> lists =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, CachedList> eldest) {
          return size() > MOST_LISTS;
        }
      };

  private record Key(ProjectId project, String url, Map<String, SecretText> headers) {}

  private record CachedList(List<McpSchema.Tool> tools, Instant until) {}

  McpServers(EgressClient http, SecretResolver secrets, ToolsConfig settings, InstantSource clock) {
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
  public List<McpSchema.Tool> tools(ProjectId project, McpSpec spec, AllowedDomains domains)
      throws ToolException, InterruptedException {
    var key = new Key(project, spec.serverUrl(), spec.headers());
    CachedList known;
    synchronized (lists) {
      known = lists.get(key);
    }
    if (known != null && clock.instant().isBefore(known.until())) {
      return known.tools();
    }
    try {
      var tools = inSession(project, spec, domains, null, this::list);
      keep(key, tools, settings.mcpListLife());
      return tools;
    } catch (ToolException e) {
      if (known == null) {
        throw e;
      }
      LOG.warnf("mcp list stale project_id=%s server_label=%s", project, spec.serverLabel());
      // Not every run has to wait for a server that does not answer.
      keep(key, known.tools(), shorter(LIFE_WHEN_STALE, settings.mcpListLife()));
      return known.tools();
    }
  }

  private void keep(Key key, List<McpSchema.Tool> tools, Duration life) {
    synchronized (lists) {
      lists.put(key, new CachedList(tools, clock.instant().plus(life)));
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /** The tools of a server as they were last heard of here; none if they never were. */
  public List<McpSchema.Tool> cachedTools(ProjectId project, McpSpec spec) {
    synchronized (lists) {
      var known = lists.get(new Key(project, spec.serverUrl(), spec.headers()));
      return known == null ? List.of() : known.tools();
    }
  }

  /** Calls a tool of a server. */
  McpSchema.CallToolResult call(ToolContext context, McpSpec spec, String tool, JsonNode arguments)
      throws ToolException, InterruptedException {
    Map<String, Object> values =
        Json.MAPPER.convertValue(
            arguments, new com.fasterxml.jackson.core.type.TypeReference<>() {});
    Map<String, Object> meta =
        Map.of(
            "threadmill/idempotency-key",
            context.call().value(),
            "progressToken",
            context.call().value());
    context.listener().onAttempt();
    return inSession(
        context.project(),
        spec,
        context.allowedDomains(),
        context,
        client -> client.callTool(new McpSchema.CallToolRequest(tool, values, meta)));
  }

  /** Tells how a call goes. What is overtaken on its way through the client is left out. */
  private static final class ProgressListener implements Consumer<McpSchema.ProgressNotification> {
    private final ToolListener listener;
    private double furthest = Double.NEGATIVE_INFINITY;

    ProgressListener(ToolListener listener) {
      this.listener = listener;
    }

    @Override
    public synchronized void accept(McpSchema.ProgressNotification told) {
      if (told.progress() != null && told.progress() > furthest) {
        furthest = told.progress();
        listener.onProgress(words(told));
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

  /**
   * Works in a session of its own, no longer than the MCP server may take.
   *
   * @param context of the call; null if none is made
   */
  private <T> T inSession(
      ProjectId project, McpSpec spec, AllowedDomains domains, ToolContext context, Work<T> work)
      throws ToolException, InterruptedException {
    var timeout =
        spec.timeoutMs() == null ? settings.timeout() : Duration.ofMillis(spec.timeoutMs());
    Consumer<McpSchema.ProgressNotification> onProgress =
        context == null ? _ -> {} : new ProgressListener(context.listener());
    var transport =
        new McpTransport(
            http,
            json,
            new McpTransport.Target(
                spec.serverUrl(),
                secrets.headers(project, spec.headers()),
                List.of(domains),
                timeout.plus(MARGIN),
                settings.maxAnswer(),
                context == null ? null : context.call().value()));
    var client =
        McpClient.sync(transport)
            .clientInfo(new McpSchema.Implementation("threadmill", "1"))
            .jsonSchemaValidator(
                (_, value) -> JsonSchemaValidator.ValidationResponse.asValid(String.valueOf(value)))
            .progressConsumer(onProgress)
            .requestTimeout(timeout.plus(MARGIN))
            .initializationTimeout(timeout.plus(MARGIN))
            .build();
    var task =
        new FutureTask<>(
            () -> {
              client.initialize();
              return work.with(client);
            });
    // The SDK's own waiting hides interrupts, so it waits on a thread of its own.
    Thread.ofVirtual().name("mcp").start(task);
    boolean isCalledOff = false;
    try {
      return task.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      isCalledOff = context != null && context.isCancelled();
      throw e;
    } catch (TimeoutException e) {
      isCalledOff = true;
      throw new ToolException(
          transport.hasSentToolCall() ? "outcome_unknown" : "unreachable",
          false,
          "The MCP server did not answer within %s s.%s"
              .formatted(
                  BigDecimal.valueOf(timeout.toMillis(), 3).stripTrailingZeros().toPlainString(),
                  transport.hasSentToolCall()
                      ? " Nobody knows whether the call had its effect."
                      : ""));
    } catch (ExecutionException e) {
      throw failure(e.getCause(), transport);
    } finally {
      transport.shutdown(isCalledOff);
      task.cancel(true);
      client.close();
    }
  }

  private static ToolException failure(Throwable cause, McpTransport transport) {
    if (transport.failure() != null) {
      var failure = transport.failure();
      return new ToolException(
          failure.mayHaveArrived() ? "outcome_unknown" : "unreachable",
          false,
          failure.getMessage());
    }
    for (var inner = cause; inner != null; inner = inner.getCause()) {
      if (inner instanceof McpError error) {
        return new ToolException("mcp_error", false, StorableText.of("" + error.getMessage()));
      }
      if (inner instanceof McpTransport.StatusException status) {
        return new ToolException("unreachable", false, status.getMessage());
      }
    }
    LOG.debugf(cause, "mcp failed");
    return new ToolException(
        "outcome_unknown", false, "The MCP server gave no answer that can be used in time.");
  }
}
