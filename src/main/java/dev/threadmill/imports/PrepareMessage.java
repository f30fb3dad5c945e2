package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.RunId;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.privacy.PrivateJson;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.PrepareMessages;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Brings a message of another server into the form in which it is stored here. */
@ApplicationScoped
class PrepareMessage {
  private final References references;
  private final ContentGate gate;
  private final PrivateJson privateJson;
  private final Ids ids;

  PrepareMessage(References references, ContentGate gate, PrivateJson privateJson, Ids ids) {
    this.references = references;
    this.gate = gate;
    this.privateJson = privateJson;
    this.ids = ids;
  }

  /**
   * The message as it is stored.
   *
   * @param user of its thread; null if that is not known
   * @param at its time
   * @throws ApiException 400 if it cannot be taken
   */
  PreparedMessage prepare(ImportJob job, StagedItem item, String user, Instant at) {
    var fields = item.fields();
    var role = role(fields.path("role").asText(""));
    boolean keeps = job.request().keepIds();
    var parts = Json.MAPPER.createObjectNode();
    for (var name : List.of("content", "attachments", "file_ids", "assistant_id")) {
      if (fields.has(name) && !fields.path(name).isNull()) {
        parts.set(name, fields.get(name));
      }
    }
    parts.set("metadata", SourceMetadata.of(fields.path("metadata")));
    var mapped =
        (ObjectNode)
            privateJson.apply(job.project(), user, references.map(job, parts, keeps).json());
    var content = filtered(job, MessageContent.read(mapped.path("content")));
    if (content.isEmpty()) {
      throw ApiException.invalid("content", "Nothing of the message can be taken.");
    }
    var attachments = MessageContent.attachments(mapped);
    return new PreparedMessage(
        keeps
            ? typed(MessageId::new, item.sourceId(), ids.messageAt(at)).value()
            : ids.messageAt(at).value(),
        "incomplete".equals(fields.path("status").asText())
            ? fields.path("incomplete_details").path("reason").asText("run_failed")
            : null,
        endedAt(fields, at).toEpochMilli(),
        role,
        content,
        attachments,
        JsonBody.read(
            Json.write(mapped.path("metadata")).getBytes(StandardCharsets.UTF_8), Metadata.class),
        text(typed(AssistantId::new, mapped.path("assistant_id").asText(""), null)),
        keeps ? text(typed(RunId::new, fields.path("run_id").asText(""), null)) : null,
        PrepareMessages.tokens(content));
  }

  private static Message.Role role(String role) {
    return switch (role) {
      case "user" -> Message.Role.USER;
      case "assistant" -> Message.Role.ASSISTANT;
      default ->
          throw ApiException.invalid(
              "role", "A message of the role '%s' is no message here.".formatted(role));
    };
  }

  private static Instant endedAt(JsonNode fields, Instant at) {
    for (var name : List.of("completed_at", "incomplete_at")) {
      var time = SourceObjects.time(fields.path(name));
      if (!time.equals(Instant.EPOCH)) {
        return time;
      }
    }
    return at;
  }

  private static <T> T typed(Function<String, T> type, String id, T other) {
    try {
      return id.isEmpty() ? other : type.apply(id);
    } catch (ApiException e) {
      return other;
    }
  }

  private static String text(Object id) {
    return id == null ? null : id.toString();
  }

  private List<ContentPart> filtered(ImportJob job, List<ContentPart> content) {
    var source = ContentSource.input(job.project(), null, null);
    var passed = new ArrayList<ContentPart>();
    for (int i = 0; i < content.size(); i++) {
      var param = "content[%d]".formatted(i);
      passed.add(
          switch (content.get(i)) {
            case ContentPart.Text text -> {
              var value = gate.applyTo(param, source, text.value());
              yield value.equals(text.value()) ? text : ContentPart.text(value);
            }
            case ContentPart.Refusal(var refusal) ->
                ContentPart.refusal(gate.applyTo(param, source, refusal));
            case ContentPart other -> other;
          });
    }
    return passed;
  }
}
