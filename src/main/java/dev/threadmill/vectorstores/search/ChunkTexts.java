package dev.threadmill.vectorstores.search;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.vectorstores.Attributes;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The texts of chunks. */
@ApplicationScoped
class ChunkTexts {
  private final Jdbc jdbc;
  private final InstantSource clock;

  ChunkTexts(Jdbc jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  /** A chunk of a file. */
  record Key(VectorStoreId store, String file, int part) {}

  /**
   * The text of a chunk.
   *
   * @param filename the name of its file
   * @param repeated how many characters at its beginning repeat the chunk before
   */
  record Text(
      Key key,
      String filename,
      String text,
      int repeated,
      Integer firstPage,
      Integer lastPage,
      String heading,
      Attributes attributes) {
    private static Text read(Row row) throws SQLException {
      return new Text(
          new Key(row.text("store_id", VectorStoreId::new), row.text("id"), row.integer("part")),
          row.text("filename"),
          row.text("text"),
          row.integer("repeated"),
          row.integer("first_page"),
          row.integer("last_page"),
          row.text("heading"),
          row.json("attributes", Attributes.class));
    }
  }

  /**
   * The texts of those of these chunks whose files the project has, in one statement: each search
   * waits for it.
   */
  Map<Key, Text> read(ProjectId project, Collection<Key> chunks) {
    if (chunks.isEmpty()) {
      return Map.of();
    }
    var stores = new ArrayList<String>();
    var files = new ArrayList<String>();
    var parts = new ArrayList<String>();
    for (var chunk : chunks) {
      stores.add(chunk.store().value());
      files.add(chunk.file());
      parts.add(Integer.toString(chunk.part()));
    }
    return jdbc
        .list(
            """
            SELECT f.store_id, f.id, f.attributes, d.filename, t.part, t.text, t.repeated,
              t.first_page, t.last_page, t.heading
            FROM unnest(?::text[], ?::text[], ?::int[]) AS h (store_id, file_id, part)
            JOIN vector_store_files f ON f.store_id = h.store_id AND f.id = h.file_id
              AND f.status = 'completed'
            JOIN files d ON d.id = h.file_id AND d.project_id = ?
              AND (d.expires_at IS NULL OR d.expires_at > ?)
            JOIN vector_store_texts t ON t.content = f.content AND t.part = h.part
            """,
            Text::read,
            stores,
            files,
            parts,
            project,
            clock.instant())
        .stream()
        .collect(Collectors.toMap(Text::key, Function.identity()));
  }
}
