package dev.threadmill.vectorstores;

import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.Files;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** Creates vector stores that another server has had. Their files are indexed here. */
@ApplicationScoped
public class ImportVectorStore {
  private final Jdbc jdbc;
  private final InstantSource clock;
  private final VectorStoreTable stores;
  private final AddFiles addFiles;
  private final Files files;

  ImportVectorStore(
      Jdbc jdbc, InstantSource clock, VectorStoreTable stores, AddFiles addFiles, Files files) {
    this.jdbc = jdbc;
    this.clock = clock;
    this.stores = stores;
    this.addFiles = addFiles;
    this.files = files;
  }

  /**
   * A file of a store.
   *
   * @param attributes null for none
   * @param chunking null for the default
   */
  public record Entry(FileId file, Attributes attributes, Chunking chunking) {}

  /**
   * Creates a store. Not to be called within a transaction.
   *
   * @param id not in use
   * @param entries of files that exist in the project; others are left out
   */
  public void create(
      ProjectId project,
      VectorStoreId id,
      Instant createdAt,
      CreateVectorStore request,
      List<Entry> entries) {
    var found = AddFiles.byId(files.findAll(project, entries.stream().map(Entry::file).toList()));
    var added =
        entries.stream()
            .filter(entry -> found.containsKey(entry.file().value()))
            .map(
                entry ->
                    new NewStoreFile(
                        found.get(entry.file().value()),
                        entry.attributes() == null ? Attributes.EMPTY : entry.attributes(),
                        Chunking.strategyOf(entry.chunking())))
            .toList();
    var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    var expires = request.expiresAfter();
    var store =
        new VectorStore(
            id,
            project,
            createdAt,
            request.name(),
            request.description(),
            request.metadata(),
            expires,
            now,
            expires == null ? null : now.plus(expires.days(), ChronoUnit.DAYS),
            false,
            FileCounts.NONE,
            0);
    jdbc.runInTransaction(
        tx -> {
          stores.insert(tx, store, null);
          addFiles.add(tx, project, id, null, added);
        });
  }
}
