package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ImportAssistant;
import dev.threadmill.db.Jdbc;
import dev.threadmill.guard.SecretText;
import dev.threadmill.imports.ImportStore.Problem;
import dev.threadmill.privacy.PrivateJson;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.regex.Pattern;

/** Writes an assistant, without what cannot be taken of it, which is reported. */
@ApplicationScoped
class TakeAssistant {
  private static final Pattern TOOL = Pattern.compile("tools\\[(\\d+)].*");
  private static final int MAX_REMOVALS = 200;

  private final TakeItem takeItem;
  private final Jdbc jdbc;
  private final ImportStore imports;
  private final StagedItems items;
  private final References references;
  private final ImportAssistant importAssistant;
  private final PrivateJson privateJson;
  private final Ids ids;
  private final InstantSource clock;

  TakeAssistant(
      TakeItem takeItem,
      Jdbc jdbc,
      ImportStore imports,
      StagedItems items,
      References references,
      ImportAssistant importAssistant,
      PrivateJson privateJson,
      Ids ids,
      InstantSource clock) {
    this.takeItem = takeItem;
    this.jdbc = jdbc;
    this.imports = imports;
    this.items = items;
    this.references = references;
    this.importAssistant = importAssistant;
    this.privateJson = privateJson;
    this.ids = ids;
    this.clock = clock;
  }

  void take(ImportJob job, StagedItem item) throws ImportFailedException, InterruptedException {
    takeItem.take(
        job,
        item,
        ids::assistant,
        AssistantId::new,
        (id, problems) -> create(job, item, id, problems));
  }

  private boolean create(ImportJob job, StagedItem item, AssistantId id, List<Problem> problems) {
    var fields = item.fields();
    var created = SourceObjects.time(fields.path("created_at"));
    var at =
        created.equals(Instant.EPOCH) ? clock.instant().truncatedTo(ChronoUnit.MILLIS) : created;
    fields.remove(List.of("id", "object", "created_at"));
    fields.set("metadata", SourceMetadata.of(fields.path("metadata")));
    readFileIds(fields);
    withoutMaskedTools(item, fields, problems);
    var mapped = references.map(job, fields, false);
    mapped
        .missing()
        .forEach(
            missing ->
                problems.add(
                    problem(item, "It named '%s', which was not taken.".formatted(missing))));
    var body = (ObjectNode) privateJson.apply(job.project(), null, mapped.json());
    for (int i = 0; i < MAX_REMOVALS; i++) {
      try {
        importAssistant.create(job.project(), id, at, body);
        return true;
      } catch (ApiException e) {
        if (isOfTool(e) && putOff(job, item)) {
          // It may name an assistant that is yet to come.
          return false;
        }
        problems.add(problem(item, "Left out: " + e.getMessage()));
        remove(body, e);
      }
    }
    throw ApiException.invalid("tools", "The assistant has too much that cannot be taken.");
  }

  private static Problem problem(StagedItem item, String message) {
    return new Problem(Kind.ASSISTANT, item.sourceId(), message);
  }

  private boolean putOff(ImportJob job, StagedItem item) {
    return jdbc.inTransaction(
        tx -> {
          imports.fence(tx, job);
          return items.moveToEnd(tx, job, item);
        });
  }

  private static boolean isOfTool(ApiException e) {
    var param = e.error().param();
    return param != null && TOOL.matcher(param).matches();
  }

  /** Removes what an error names; throws the error if the assistant is nothing without it. */
  private static void remove(ObjectNode body, ApiException e) {
    var param = e.error().param() == null ? "" : e.error().param();
    var tool = TOOL.matcher(param);
    var field = param.replaceFirst("[.\\[].*", "");
    if (tool.matches() && body.path("tools") instanceof ArrayNode tools) {
      if (tools.remove(Integer.parseInt(tool.group(1))) == null) {
        throw e;
      }
    } else if (field.equals("model")
        || field.equals("instructions")
        || body.remove(field) == null) {
      throw e;
    }
  }

  /** Files of an earlier form of the API, which code reads here. */
  private static void readFileIds(ObjectNode fields) {
    var files = fields.remove("file_ids");
    boolean hasCode = false;
    for (var tool : fields.path("tools")) {
      hasCode |= tool.path("type").asText().equals("code_interpreter");
    }
    if (files != null && files.isArray() && !files.isEmpty() && hasCode) {
      var resources = fields.path("tool_resources");
      if (!resources.isObject()) {
        fields.putObject("tool_resources").putObject("code_interpreter").set("file_ids", files);
      }
    }
  }

  /** An export holds no secrets of tools. */
  private static void withoutMaskedTools(
      StagedItem item, ObjectNode fields, List<Problem> problems) {
    if (!(fields.path("tools") instanceof ArrayNode tools)) {
      return;
    }
    var kept = Json.MAPPER.createArrayNode();
    for (var tool : tools) {
      if (hasMask(tool)) {
        problems.add(
            problem(
                item,
                "Left out: a tool of the type '%s' with a secret, which the source does not show. Add the tool again."
                    .formatted(tool.path("type").asText())));
      } else {
        kept.add(tool);
      }
    }
    fields.set("tools", kept);
  }

  private static boolean hasMask(JsonNode node) {
    if (node.isTextual()) {
      return node.textValue().equals(SecretText.MASK);
    }
    for (var each : node) {
      if (hasMask(each)) {
        return true;
      }
    }
    return false;
  }
}
