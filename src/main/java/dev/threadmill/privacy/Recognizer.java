package dev.threadmill.privacy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.api.Json;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.http.ProviderPost;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.privacy.detect.EntityKind;
import dev.threadmill.privacy.detect.Finding;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * Names by an external recognizer of Presidio's form. Where one is configured and does not answer,
 * texts are refused: strict privacy does not let pass what was not searched.
 */
@ApplicationScoped
public class Recognizer {
  private static final Logger LOG = Logger.getLogger(Recognizer.class);
  private static final long MAX_RESPONSE_BYTES = 4L << 20;

  /** The most characters of one call; a longer text is searched in pieces. */
  private static final int MAX_CHARACTERS = 20_000;

  /** How far pieces overlap, so that no name is cut. */
  private static final int OVERLAP = 200;

  /** Names of fields, ids and addresses are not worth a call. */
  private static final Pattern IDENTIFIER = Pattern.compile("[a-z0-9_.:/@#-]*|[A-Z0-9_]*");

  private final PrivacyConfig config;
  private final ProviderPost post;

  Recognizer(PrivacyConfig config, ProviderTransport transport, InstantSource clock) {
    this.config = config;
    this.post =
        config.url().isEmpty()
            ? null
            : new ProviderPost(
                transport,
                ProviderConfig.of(
                    "presidio",
                    "openai",
                    config.url().map(url -> url.strip().replaceAll("/+$", "")),
                    Optional.empty(),
                    "THREADMILL_PRESIDIO_URL"),
                config.timeout(),
                MAX_RESPONSE_BYTES,
                clock);
  }

  /**
   * Checks the settings.
   *
   * @throws InvalidSettingException if one of them cannot be used
   */
  public static void require(PrivacyConfig config) {
    config
        .url()
        .filter(url -> !isHttpUrl(url))
        .ifPresent(
            url -> {
              throw new InvalidSettingException(
                  "THREADMILL_PRESIDIO_URL", url, "is not an http or https address");
            });
    if (!config.timeout().isPositive()) {
      throw new InvalidSettingException(
          "THREADMILL_PRESIDIO_TIMEOUT", config.timeout().toString(), "is not a positive time");
    }
    if (!(config.score() >= 0 && config.score() <= 1)) {
      throw new InvalidSettingException(
          "THREADMILL_PRESIDIO_SCORE", Double.toString(config.score()), "is not from 0 to 1");
    }
  }

  private static boolean isHttpUrl(String url) {
    return ProviderConfig.isHttpUrl(url.strip()) && URI.create(url.strip()).getHost() != null;
  }

  /**
   * The names in a text; none if no recognizer is configured.
   *
   * @throws ContentRejectedException if the recognizer does not answer
   */
  List<Finding> names(String text) {
    if (post == null || IDENTIFIER.matcher(text).matches()) {
      return List.of();
    }
    var names = new ArrayList<Finding>();
    for (int from = 0; from < text.length(); from += MAX_CHARACTERS - OVERLAP) {
      int to = Math.min(text.length(), from + MAX_CHARACTERS);
      addNames(text.substring(from, to), from, names);
      if (to == text.length()) {
        break;
      }
    }
    return names;
  }

  private void addNames(String piece, int offset, List<Finding> names) {
    var request = Json.MAPPER.createObjectNode();
    request.put("text", piece).put("language", config.language());
    request.putArray("entities").add("PERSON");
    request.put("score_threshold", config.score());
    for (var each : analyzed(request)) {
      int start = index(piece, each.path("start").asInt(-1));
      int end = index(piece, each.path("end").asInt(-1));
      if ("PERSON".equals(each.path("entity_type").asText())
          && each.path("score").asDouble() >= config.score()
          && start >= 0
          && end > start) {
        names.add(new Finding(EntityKind.NAME, offset + start, offset + end));
      }
    }
  }

  private JsonNode analyzed(JsonNode request) {
    try {
      var found =
          post.send(
              "/analyze",
              Json.write(request).getBytes(StandardCharsets.UTF_8),
              "presidio",
              body -> Json.MAPPER.readTree(body));
      if (found != null && found.isArray()) {
        return found;
      }
      LOG.warn("the recognizer of names answered no list");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ModelException e) {
      LOG.warnf("the recognizer of names does not answer kind=%s", e.kind());
    }
    throw new ContentRejectedException("the recognizer of names does not answer.");
  }

  /** The place in the text of a number of code points, as Python counts; -1 if it is outside. */
  private static int index(String text, int codePoints) {
    return codePoints < 0 || codePoints > text.codePointCount(0, text.length())
        ? -1
        : text.offsetByCodePoints(0, codePoints);
  }
}
