package dev.threadmill.debuglogs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.models.ModelCallRecorder;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.projects.StrictPrivacy;
import dev.threadmill.telemetry.tracing.DebugWork;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Locale;
import org.jboss.logging.Logger;

/** Writes entries of debug logs. */
@ApplicationScoped
class KeepDebugLog implements ModelCallRecorder {
  private static final Logger LOG = Logger.getLogger(KeepDebugLog.class);

  /** The most characters of the content of an entry. */
  static final int MAX_CONTENT = 1_000_000;

  private final DebugLogStore store;
  private final SealedContent sealed;
  private final StrictPrivacy privacy;

  KeepDebugLog(DebugLogStore store, SealedContent sealed, StrictPrivacy privacy) {
    this.store = store;
    this.sealed = sealed;
    this.privacy = privacy;
  }

  /** Keeps a request to this server. */
  void request(DebugWork work, JsonNode request) {
    keep(work, "request", request);
  }

  @Override
  public void record(
      DebugWork work,
      ModelRequest request,
      ModelResponse response,
      String error,
      Duration duration) {
    var call = Json.MAPPER.createObjectNode();
    call.set("request", request(request));
    call.set("response", response == null ? null : response(response));
    call.put("error", error).put("duration_ms", duration.toMillis());
    uninterruptibly(() -> keep(work, "model_call", call));
  }

  /** An interrupt ends the call of a model; it would break a connection to the database. */
  private static void uninterruptibly(Runnable write) {
    var writer = Thread.ofVirtual().name("debug-log").start(write);
    boolean isInterrupted = false;
    while (true) {
      try {
        writer.join();
        break;
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void keep(DebugWork work, String kind, JsonNode content) {
    try {
      if (privacy.isSetFor(work.project())) {
        return;
      }
      var text = Json.write(content);
      boolean isTruncated = text.length() > MAX_CONTENT;
      var kept = isTruncated ? text.substring(0, MAX_CONTENT) : text;
      if (!store.insert(work, kind, sealed.seal(work.project(), kept), isTruncated)) {
        LOG.infof(
            "debug log entry not kept project_id=%s request_id=%s reason=privacy_or_full",
            work.project(), work.requestId());
      }
    } catch (ApiException e) {
      LOG.warnf("debug log entry not kept project_id=%s cause=%s", work.project(), e.getMessage());
    } catch (RuntimeException e) {
      LOG.warnf("debug log entry not kept project_id=%s cause=%s", work.project(), e);
    }
  }

  private static ObjectNode request(ModelRequest request) {
    var json = Json.MAPPER.createObjectNode().put("model", request.model());
    var messages = json.putArray("messages");
    request.messages().forEach(message -> messages.add(message(message)));
    json.set("functions", Json.MAPPER.valueToTree(request.functions()));
    json.set("tool_choice", Json.MAPPER.valueToTree(request.toolChoice()));
    json.put("parallel_tool_calls", request.parallelToolCalls());
    json.set("response_format", Json.MAPPER.valueToTree(request.responseFormat()));
    json.set("options", Json.MAPPER.valueToTree(request.options()));
    return json;
  }

  private static ObjectNode message(ModelMessage message) {
    var json = Json.MAPPER.createObjectNode();
    switch (message) {
      case ModelMessage.System(var text) -> json.put("role", "system").put("content", text);
      case ModelMessage.User(var parts) -> {
        var written = json.put("role", "user").putArray("content");
        parts.forEach(part -> written.add(part(part)));
      }
      case ModelMessage.Assistant assistant -> {
        json.put("role", "assistant").put("content", assistant.text());
        json.set("tool_calls", Json.MAPPER.valueToTree(assistant.toolCalls()));
      }
      case ModelMessage.ToolResult(var id, var text) ->
          json.put("role", "tool").put("tool_call_id", id).put("content", text);
    }
    return json;
  }

  private static ObjectNode part(ModelPart part) {
    var json = Json.MAPPER.createObjectNode();
    switch (part) {
      case ModelPart.Text(var text) -> json.put("type", "text").put("text", text);
      case ModelPart.Image(var url, var detail) ->
          json.put("type", "image").put("url", url).put("detail", detail);
      case ModelPart.Audio(var data, var format) ->
          json.put("type", "audio").put("data", data).put("format", format);
      case ModelPart.File(var id, _) -> json.put("type", "file").put("file_id", id);
    }
    return json;
  }

  private static ObjectNode response(ModelResponse response) {
    var json =
        Json.MAPPER
            .createObjectNode()
            .put("text", response.text())
            .put("refusal", response.refusal())
            .put("reasoning", response.reasoning())
            .put("finish_reason", response.finishReason().name().toLowerCase(Locale.ROOT));
    json.set("tool_calls", Json.MAPPER.valueToTree(response.toolCalls()));
    json.set("usage", Json.MAPPER.valueToTree(response.usage()));
    return json;
  }
}
