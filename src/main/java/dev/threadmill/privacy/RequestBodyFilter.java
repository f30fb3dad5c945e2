package dev.threadmill.privacy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.http.BodyLimit;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.PrivacyOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.impl.RoutingContextInternal;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.regex.Pattern;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/**
 * Replaces personal data in every JSON body before anything reads it: of the Assistants API, the
 * Responses API, chat completions, embeddings, MCP and A2A. Comes behind {@code Idempotency-Key},
 * which compares bodies as they were sent.
 */
public class RequestBodyFilter {
  private static final Set<String> WITH_BODY = Set.of("POST", "PUT", "PATCH");

  /** Bodies that may ask for privacy, which applies to themselves. */
  private static final Pattern MAY_ASK =
      Pattern.compile("/v1/(?:assistants|projects)(?:/[^/]+)?/?");

  private static final Pattern THREAD = Pattern.compile("/(thread_[A-Za-z0-9]+)(?:/|$)");
  private static final Pattern CONVERSATION = Pattern.compile("(?:^|/)conv_([A-Za-z0-9]+)(?:/|$)");

  private final Privacy privacy;
  private final JsonTokenizer tokenizer;
  private final Tokenizer texts;
  private final ThreadUsers users;

  RequestBodyFilter(Privacy privacy, JsonTokenizer tokenizer, Tokenizer texts, ThreadUsers users) {
    this.texts = texts;
    this.privacy = privacy;
    this.tokenizer = tokenizer;
    this.users = users;
  }

  /** Replaces the body of the request. */
  @ServerRequestFilter(priority = Priorities.AUTHENTICATION + 150)
  public void replace(ContainerRequestContext request, RoutingContext connection)
      throws IOException {
    var caller = Caller.find();
    if (caller.isEmpty() || !WITH_BODY.contains(request.getMethod()) || !isJson(request)) {
      return;
    }
    var project = caller.get().project();
    var path = request.getUriInfo().getPath();
    var policy = privacy.policy(project);
    if (!policy.isOn() && !MAY_ASK.matcher(path).matches()) {
      return;
    }
    var bytes = received(request, connection);
    if (bytes.length == 0) {
      return;
    }
    var replaced = replaced(project, path, policy, bytes);
    request.setEntityStream(new ByteArrayInputStream(replaced));
    ((RoutingContextInternal) connection).setBody(Buffer.buffer(replaced));
  }

  private byte[] replaced(ProjectId project, String path, PrivacyPolicy policy, byte[] bytes) {
    var body = JsonBody.read(bytes, JsonNode.class);
    var wanted = policy.with(asked(path, body));
    if (!wanted.isOn()) {
      return bytes;
    }
    var changed = tokenizer.apply(project, wanted, () -> owner(project, path, body), body);
    return Json.write(changed).getBytes(StandardCharsets.UTF_8);
  }

  /** The options that an assistant or project is to have; null for none, and for invalid ones. */
  private static PrivacyOptions asked(String path, JsonNode body) {
    var mode = body.path("privacy").path("mode").asText();
    if (!MAY_ASK.matcher(path).matches()) {
      return null;
    }
    return switch (mode) {
      case "strict" -> new PrivacyOptions(PrivacyOptions.Mode.STRICT, null, null);
      case "standard" -> new PrivacyOptions(PrivacyOptions.Mode.STANDARD, null, null);
      default -> null;
    };
  }

  /** The user whom the body or the thread names. */
  private String owner(ProjectId project, String path, JsonNode body) {
    if (MAY_ASK.matcher(path).matches()) {
      return Vault.PROJECT;
    }
    for (var metadata : new JsonNode[] {body.path("metadata"), body.at("/thread/metadata")}) {
      if (metadata.path("user").isTextual()) {
        return Vault.ownerOf(texts.forSearch(project, metadata.path("user").asText()));
      }
    }
    var thread = THREAD.matcher(path);
    if (thread.find()) {
      return Vault.ownerOf(users.of(project, new ThreadId(thread.group(1))));
    }
    var named = body.path("conversation");
    var id = named.isTextual() ? named.asText() : named.path("id").asText(path);
    var conversation = CONVERSATION.matcher(id);
    return conversation.find()
        ? Vault.ownerOf(users.of(project, new ThreadId("thread_" + conversation.group(1))))
        : Vault.PROJECT;
  }

  private static boolean isJson(ContainerRequestContext request) {
    var type = request.getMediaType();
    return type == null
        || !type.getType().equalsIgnoreCase("multipart")
            && !type.getSubtype().equalsIgnoreCase("octet-stream");
  }

  private static byte[] received(ContainerRequestContext request, RoutingContext connection)
      throws IOException {
    var buffer = connection.body() == null ? null : connection.body().buffer();
    return buffer != null && buffer.length() > 0
        ? buffer.getBytes()
        : BodyLimit.read(request.getEntityStream());
  }
}
