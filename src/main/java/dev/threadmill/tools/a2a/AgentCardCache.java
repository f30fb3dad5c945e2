package dev.threadmill.tools.a2a;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.RemoteAgent;
import dev.threadmill.egress.EgressClient;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.EgressRequest;
import dev.threadmill.guard.SecretText;
import dev.threadmill.tools.SecretResolver;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.ToolsConfig;
import jakarta.inject.Singleton;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * Reads the cards of agents of other servers, which say where and how an agent is called, and
 * caches them for {@link ToolsConfig#a2aCardLife}.
 */
@Singleton
class AgentCardCache {
  private static final Logger LOG = Logger.getLogger(AgentCardCache.class);
  private static final long MAX_CACHED_CHARACTERS = 4_000_000;
  private static final int CHARACTERS_OF_AN_ENTRY = 1_000;
  private static final String CARD = "/.well-known/agent-card.json";
  private static final String BINDING = "JSONRPC";

  private final EgressClient http;
  private final SecretResolver secrets;
  private final ToolsConfig config;
  private final InstantSource clock;
  private final Cache<Key, CachedCard> cards =
      Caffeine.newBuilder()
          .maximumWeight(MAX_CACHED_CHARACTERS)
          .weigher(
              (Key _, CachedCard card) -> CHARACTERS_OF_AN_ENTRY + card.address().url().length())
          .build();

  private record Key(ProjectId project, String url, Map<String, SecretText> headers) {}

  private record CachedCard(Address address, Instant until) {}

  /** Where an agent is called, by its card. */
  private record Address(String url, boolean isV1, boolean streams) {
    Address streaming(boolean does) {
      return new Address(url, isV1, does);
    }
  }

  /**
   * How an agent is called.
   *
   * @param isV1 whether it speaks version 1.0 of the protocol; 0.3 if not
   * @param streams whether it streams the events of a task
   * @param credentials headers for it; none if its card leads to another origin
   */
  record Endpoint(String url, boolean isV1, boolean streams, Map<String, String> credentials) {}

  AgentCardCache(
      EgressClient http, SecretResolver secrets, ToolsConfig config, InstantSource clock) {
    this.http = http;
    this.secrets = secrets;
    this.config = config;
    this.clock = clock;
  }

  /**
   * How an agent is called, perhaps as it was a few minutes ago.
   *
   * @param timeout of reading its card
   * @throws ToolException if its card cannot be read or used
   */
  Endpoint endpoint(ToolContext context, RemoteAgent agent, Duration timeout)
      throws ToolException, InterruptedException {
    var credentials = secrets.headers(context.project(), agent.headers());
    var key = new Key(context.project(), agent.url(), agent.headers());
    var known = cards.getIfPresent(key);
    if (known == null || !clock.instant().isBefore(known.until())) {
      known =
          new CachedCard(
              refresh(context, agent, credentials, known, timeout),
              clock.instant().plus(config.a2aCardLife()));
      cards.put(key, known);
    }
    var address = known.address();
    return new Endpoint(
        address.url(),
        address.isV1(),
        address.streams(),
        origin(address.url()).equals(origin(agent.url())) ? credentials : Map.of());
  }

  private Address refresh(
      ToolContext context,
      RemoteAgent agent,
      Map<String, String> credentials,
      CachedCard before,
      Duration timeout)
      throws ToolException, InterruptedException {
    try {
      var card = fetch(context, agent, credentials, timeout);
      return address(card).streaming(card.at("/capabilities/streaming").asBoolean(false));
    } catch (ToolException e) {
      if (before == null || !e.isRetryable()) {
        throw e;
      }
      LOG.warnf("a2a card stale project_id=%s agent=%s", context.project(), agent.name());
      return before.address();
    }
  }

  private JsonNode fetch(
      ToolContext context, RemoteAgent agent, Map<String, String> credentials, Duration timeout)
      throws ToolException, InterruptedException {
    var url =
        agent.url().endsWith(".json") ? agent.url() : agent.url().replaceAll("/+$", "") + CARD;
    try {
      var answer =
          http.send(
              new EgressRequest(
                  "GET",
                  url,
                  Map.of("Accept", "application/json", "User-Agent", "Threadmill"),
                  credentials,
                  null,
                  List.of(context.allowedDomains()),
                  timeout.compareTo(config.timeout()) < 0 ? timeout : config.timeout(),
                  config.maxAnswer()));
      if (answer.status() >= 300) {
        throw new ToolException(
            "agent_unreachable",
            answer.status() >= 500 || answer.status() == 429,
            "The agent's card could not be read: status %d.".formatted(answer.status()));
      }
      return Json.MAPPER.readTree(new String(answer.body(), StandardCharsets.UTF_8));
    } catch (EgressException e) {
      boolean isRefused = e.kind() == EgressException.Kind.REFUSED;
      throw new ToolException(
          isRefused ? "not_allowed" : "agent_unreachable",
          !isRefused,
          "The agent's card could not be read: " + e.getMessage());
    } catch (JsonProcessingException e) {
      throw unusable("it is not JSON");
    }
  }

  /** A card may list both versions; the first that is known here counts, as the agent prefers. */
  private static Address address(JsonNode card) throws ToolException {
    for (var offered : card.path("supportedInterfaces")) {
      var version = offered.path("protocolVersion").asText();
      if (BINDING.equals(offered.path("protocolBinding").asText())
          && (version.startsWith("1.") || version.startsWith("0.3"))) {
        return new Address(url(offered), version.startsWith("1."), false);
      }
    }
    var preferred = card.path("preferredTransport").asText(BINDING);
    if (BINDING.equals(preferred) && card.path("url").isTextual()) {
      return new Address(url(card), false, false);
    }
    for (var offered : card.path("additionalInterfaces")) {
      if (BINDING.equals(offered.path("transport").asText())) {
        return new Address(url(offered), false, false);
      }
    }
    throw unusable("it offers no JSON-RPC of A2A 1.0 or 0.3");
  }

  private static String url(JsonNode offered) throws ToolException {
    var url = offered.path("url").asText();
    if (!url.matches("(?i)https?://.+")) {
      throw unusable("it has no address");
    }
    return url;
  }

  private static ToolException unusable(String why) {
    return new ToolException(
        "agent_unusable", false, "The agent's card cannot be used: " + why + ".");
  }

  private static String origin(String url) {
    try {
      var uri = URI.create(url);
      int port =
          uri.getPort() >= 0 ? uri.getPort() : "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
      return (uri.getScheme() + "://" + uri.getHost() + ":" + port).toLowerCase(Locale.ROOT);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
