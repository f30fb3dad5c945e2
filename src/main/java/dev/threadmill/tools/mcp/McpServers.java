package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.heap.HeapBytes;
import dev.threadmill.assistants.McpSpec;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.guard.SecretText;
import dev.threadmill.telemetry.tracing.TraceHeaders;
import dev.threadmill.tools.FindToolFiles;
import dev.threadmill.tools.SecretResolver;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.ToolFiles;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.mcp.McpException.Kind;
import dev.threadmill.tools.mcp.ToolListing.ListedTool;
import jakarta.inject.Singleton;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jboss.logging.Logger;

/**
 * Lists and calls the tools of MCP servers. Lists are cached for {@link ToolsConfig#mcpListLife},
 * and served stale while a server does not answer.
 */
@Singleton
class McpServers {
  private static final Logger LOG = Logger.getLogger(McpServers.class);
  private static final int SHARE_OF_THE_HEAP = 32;
  private static final int CHARACTERS_OF_AN_ENTRY = 200;
  private static final int MAX_LIST_PAGE_BYTES = 4 << 20;
  private static final Duration LIFE_AFTER_FAILURE = Duration.ofSeconds(30);

  /** The type of the tools of all servers, as attachments name it. */
  static final String TYPE = "mcp";

  private final FindToolFiles files;
  private final EgressClient http;
  private final SecretResolver secrets;
  private final ToolsConfig config;
  private final ObserveMcpRequests observer;
  private final InstantSource clock;
  private final Cache<Key, Entry> lists =
      Caffeine.newBuilder()
          .maximumWeight(HeapBytes.share(SHARE_OF_THE_HEAP))
          .weigher((Key _, Entry entry) -> entry.weight())
          .build();

  private record Key(ProjectId project, String url, Map<String, SecretText> headers) {
    static Key of(ProjectId project, McpSpec spec) {
      return new Key(project, spec.serverUrl(), spec.headers());
    }
  }

  /**
   * What is known of a server.
   *
   * @param failure why the last attempt to list failed; null if it did not
   * @param isLegacy whether the server speaks HTTP+SSE
   * @param until when the list is asked for again
   */
  private record Entry(ServerTools tools, String failure, boolean isLegacy, Instant until) {
    int weight() {
      return HeapBytes.ofTree(
          CHARACTERS_OF_AN_ENTRY
              + tools.tools().stream().mapToLong(Entry::characters).sum()
              + tools.warnings().stream().mapToLong(String::length).sum());
    }

    private static long characters(ListedTool tool) {
      return tool.parameters().toString().length()
          + Objects.toString(tool.description(), "").length();
    }
  }

  /**
   * The tools of a server.
   *
   * @param warnings what was left out and why, each a clause that follows the name of the server
   */
  record ServerTools(List<ListedTool> tools, List<String> warnings) {
    private static final ServerTools NONE = new ServerTools(List.of(), List.of());
  }

  McpServers(
      EgressClient http,
      SecretResolver secrets,
      ToolsConfig config,
      ObserveMcpRequests observer,
      FindToolFiles files,
      InstantSource clock) {
    this.observer = observer;
    this.files = files;
    this.http = http;
    this.secrets = secrets;
    this.config = config;
    this.clock = clock;
  }

  /**
   * The tools of a server, perhaps as they were a few minutes ago; older still if it does not
   * answer now. A server that never answered has none, and a warning that says why.
   */
  ServerTools tools(ProjectId project, McpSpec spec, AllowedDomains domains)
      throws InterruptedException {
    var key = Key.of(project, spec);
    var known = lists.getIfPresent(key);
    if (known == null || !clock.instant().isBefore(known.until())) {
      known = refresh(key, spec, domains, known);
    }
    return known.failure() == null || !known.tools().tools().isEmpty()
        ? known.tools()
        : new ServerTools(List.of(), List.of("its tools are left out: " + known.failure()));
  }

  /** The tools of a server as they were last listed; none if they never were. */
  ServerTools cachedTools(ProjectId project, McpSpec spec) {
    var known = lists.getIfPresent(Key.of(project, spec));
    return known == null ? ServerTools.NONE : known.tools();
  }

  private Entry refresh(Key key, McpSpec spec, AllowedDomains domains, Entry before)
      throws InterruptedException {
    Entry entry;
    try {
      var work = new ListTools();
      var target = new Target(key, spec, domains, MAX_LIST_PAGE_BYTES, null);
      observer.observed("tools/list", null, () -> inSession(target, work));
      var tools = new ServerTools(work.listing.tools(), work.listing.warnings());
      entry = new Entry(tools, null, work.isLegacy, clock.instant().plus(config.mcpListLife()));
    } catch (ToolException e) {
      LOG.warnf(
          "mcp list failed project_id=%s server_label=%s cached=%s: %s",
          key.project(), spec.serverLabel(), before != null, e.getMessage());
      // Not every run has to wait for a server that does not answer.
      var life =
          LIFE_AFTER_FAILURE.compareTo(config.mcpListLife()) < 0
              ? LIFE_AFTER_FAILURE
              : config.mcpListLife();
      entry =
          new Entry(
              before == null ? ServerTools.NONE : before.tools(),
              e.getMessage(),
              before != null && before.isLegacy(),
              clock.instant().plus(life));
    }
    lists.put(key, entry);
    return entry;
  }

  /**
   * Calls a tool of a server.
   *
   * @param names under which files may be attached for the tool
   */
  ToolResult call(
      ToolContext context, McpSpec spec, String tool, JsonNode arguments, List<String> names)
      throws ToolException, InterruptedException {
    var params = Json.MAPPER.createObjectNode().put("name", tool);
    params.set("arguments", arguments);
    var meta = params.putObject("_meta");
    meta.put("threadmill/idempotency-key", context.call().value())
        .put("progressToken", context.call().value());
    var attached = files.of(context, names);
    if (!attached.isEmpty()) {
      meta.set(ToolFiles.METADATA, attached.described());
    }
    context.listener().onAttempt();
    var target =
        new Target(
            Key.of(context.project(), spec),
            spec,
            context.allowedDomains(),
            config.maxAnswer(),
            context);
    return observer.observed(
        "tools/call",
        tool,
        () -> {
          TraceHeaders.addCurrent(meta::put);
          return inSession(target, new CallTool(params));
        });
  }

  /**
   * A server, and for whom a session with it is held.
   *
   * @param maxBytes of one response
   * @param context of the call; null if none is made
   */
  private record Target(
      Key key, McpSpec spec, AllowedDomains domains, int maxBytes, ToolContext context) {}

  private interface Work {
    ToolResult in(McpSession session) throws McpException, InterruptedException;
  }

  private static final class ListTools implements Work {
    private ToolListing listing;
    private boolean isLegacy;

    @Override
    public ToolResult in(McpSession session) throws McpException, InterruptedException {
      listing = new ToolListing();
      isLegacy = session.isLegacy();
      String cursor = null;
      do {
        ObjectNode params = Json.MAPPER.createObjectNode();
        if (cursor != null) {
          params.put("cursor", cursor);
        }
        cursor = listing.add(session.request("tools/list", params));
      } while (cursor != null);
      return ToolResult.text("");
    }
  }

  private record CallTool(ObjectNode params) implements Work {
    @Override
    public ToolResult in(McpSession session) throws McpException, InterruptedException {
      return CallToolResult.of(session.request("tools/call", params));
    }
  }

  /** Works in a session of its own, within the time that the MCP server may take. */
  private ToolResult inSession(Target target, Work work)
      throws ToolException, InterruptedException {
    var spec = target.spec();
    var timeout = spec.timeoutMs() == null ? config.timeout() : Duration.ofMillis(spec.timeoutMs());
    var endpoint =
        new McpEndpoint(
            spec.serverUrl(),
            secrets.headers(target.key().project(), spec.headers()),
            List.of(target.domains()),
            System.nanoTime() + timeout.toNanos(),
            target.maxBytes(),
            target.context() == null ? null : target.context().call().value());
    var known = lists.getIfPresent(target.key());
    boolean isLegacy = known != null && known.isLegacy();
    try {
      try {
        return work(endpoint, isLegacy, target.context(), work);
      } catch (McpException e) {
        if (e.kind() != Kind.SESSION_EXPIRED) {
          throw e;
        }
        // The server refused the request, so it can be made once more in a new session.
        return work(endpoint, isLegacy, target.context(), work);
      }
    } catch (McpException e) {
      var message = endpoint.isTimedOut() ? timedOut(timeout) : e.getMessage();
      if (e.isUndecided()) {
        return ToolResult.outcomeUnknown(message + " It is unknown whether the call took effect.");
      }
      var type = e.kind() == Kind.ERROR_RESPONSE ? "mcp_error" : "unreachable";
      throw new ToolException(type, false, message);
    }
  }

  private static String timedOut(Duration timeout) {
    return "The MCP server did not answer within %s s."
        .formatted(BigDecimal.valueOf(timeout.toMillis(), 3).stripTrailingZeros().toPlainString());
  }

  private ToolResult work(McpEndpoint endpoint, boolean isLegacy, ToolContext context, Work work)
      throws McpException, InterruptedException {
    var listener = context == null ? McpProgress.NONE : new McpProgress(context.listener());
    var session = open(endpoint, isLegacy, listener);
    boolean isCancelled = false;
    try {
      return work.in(session);
    } catch (McpException e) {
      // Before the call is sent, a failure cannot have an effect.
      throw e.isUndecided() && !session.isCalling()
          ? new McpException(Kind.NOT_EXECUTED, e.getMessage())
          : e;
    } catch (InterruptedException e) {
      isCancelled = context != null && context.isCancelled();
      throw e;
    } finally {
      end(session, isCancelled || endpoint.isTimedOut());
    }
  }

  private McpSession open(
      McpEndpoint endpoint, boolean isLegacy, McpSession.NotificationListener listener)
      throws McpException, InterruptedException {
    try {
      return McpSession.open(http, endpoint, isLegacy, listener);
    } catch (McpException e) {
      throw e.isUndecided() ? new McpException(Kind.NOT_EXECUTED, e.getMessage()) : e;
    }
  }

  /** Ends the session on a thread of its own: the run does not wait for the server's answer. */
  private static void end(McpSession session, boolean isCancelled) {
    Thread.ofVirtual()
        .name("mcp-end")
        .start(
            () -> {
              try (session) {
                if (isCancelled) {
                  session.cancelCall();
                }
              }
            });
  }
}
