package dev.threadmill.imports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.imports.ImportStore.Problem;
import dev.threadmill.privacy.PrivateJson;
import dev.threadmill.vectorstores.Attributes;
import dev.threadmill.vectorstores.Chunking;
import dev.threadmill.vectorstores.CreateVectorStore;
import dev.threadmill.vectorstores.ImportVectorStore;
import dev.threadmill.vectorstores.VectorStores;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** Writes a vector store with those of its files that were taken. */
@ApplicationScoped
class TakeVectorStore {
  private static final int PAGE = 500;

  private final TakeItem takeItem;
  private final StagedItems items;
  private final SourceIds sourceIds;
  private final ImportVectorStore importStore;
  private final PrivateJson privateJson;
  private final Ids ids;
  private final InstantSource clock;

  TakeVectorStore(
      TakeItem takeItem,
      StagedItems items,
      SourceIds sourceIds,
      ImportVectorStore importStore,
      PrivateJson privateJson,
      Ids ids,
      InstantSource clock) {
    this.takeItem = takeItem;
    this.items = items;
    this.sourceIds = sourceIds;
    this.importStore = importStore;
    this.privateJson = privateJson;
    this.ids = ids;
    this.clock = clock;
  }

  void take(ImportJob job, StagedItem item) throws ImportFailedException, InterruptedException {
    takeItem.take(
        job,
        item,
        () -> new VectorStoreId(ids.next(VectorStoreId.PREFIX)),
        VectorStoreId::new,
        (id, problems) -> {
          create(job, item, id, problems);
          return true;
        });
  }

  private void create(ImportJob job, StagedItem item, VectorStoreId id, List<Problem> problems) {
    var fields = item.fields();
    var created = SourceObjects.time(fields.path("created_at"));
    var body = Json.MAPPER.createObjectNode();
    if (!fields.path("name").asText("").isEmpty()) {
      body.set("name", fields.get("name"));
    }
    if (fields.path("description").isTextual()) {
      body.set("description", fields.get("description"));
    }
    if (fields.path("expires_after").isObject()) {
      body.set("expires_after", fields.get("expires_after"));
    }
    body.set("metadata", SourceMetadata.of(fields.path("metadata")));
    var checked = privateJson.apply(job.project(), null, body);
    importStore.create(
        job.project(),
        id,
        created.equals(Instant.EPOCH) ? clock.instant().truncatedTo(ChronoUnit.MILLIS) : created,
        JsonBody.read(bytes(checked), CreateVectorStore.class),
        entries(job, item, problems));
  }

  private List<ImportVectorStore.Entry> entries(
      ImportJob job, StagedItem store, List<Problem> problems) {
    var entries = new ArrayList<ImportVectorStore.Entry>();
    var after = StagedItems.Place.START;
    while (true) {
      var page = items.next(job, Kind.VECTOR_STORE_FILE, store.sourceId(), after, false, PAGE);
      if (page.isEmpty()) {
        return entries;
      }
      after = new StagedItems.Place(page.getLast().at(), page.getLast().ordinal());
      addEntries(job, page, entries, problems);
      if (entries.size() > VectorStores.MAX_FILES) {
        throw ApiException.invalid(
            "file_ids",
            "The vector store has more than %d files.".formatted(VectorStores.MAX_FILES));
      }
    }
  }

  private void addEntries(
      ImportJob job,
      List<StagedItem> page,
      List<ImportVectorStore.Entry> entries,
      List<Problem> problems) {
    var names = page.stream().map(StagedItem::sourceId).toList();
    var known = sourceIds.find(job, Kind.FILE, names);
    var candidates = new HashSet<>(names);
    candidates.addAll(known.values());
    var existing = sourceIds.existing(job.project(), Kind.FILE, candidates);
    for (var each : page) {
      var file = known.getOrDefault(each.sourceId(), each.sourceId());
      if (existing.contains(file)) {
        entries.add(entry(each.fields(), new FileId(file)));
      } else {
        problems.add(
            new Problem(
                Kind.VECTOR_STORE_FILE,
                each.sourceId(),
                "The file is not in the vector store '%s', since it was not taken."
                    .formatted(each.parent())));
      }
    }
  }

  private static ImportVectorStore.Entry entry(ObjectNode fields, FileId file) {
    var chunking = fields.path("chunking_strategy");
    return new ImportVectorStore.Entry(
        file,
        fields.path("attributes").isObject()
            ? JsonBody.read(bytes(fields.path("attributes")), Attributes.class)
            : null,
        chunking.path("type").asText("").equals("static")
            ? JsonBody.read(bytes(chunking), Chunking.class)
            : null);
  }

  private static byte[] bytes(Object json) {
    return Json.write(json).getBytes(StandardCharsets.UTF_8);
  }
}
