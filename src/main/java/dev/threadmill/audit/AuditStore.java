package dev.threadmill.audit;

import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.Sha256;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** The chains of audit entries. */
@ApplicationScoped
public class AuditStore {
  private static final byte[] BEFORE_THE_FIRST = new byte[32];
  private static final int BATCH = 500;

  private final Jdbc jdbc;

  AuditStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  private record End(long seq, byte[] hash, boolean hasEntry) {}

  /**
   * Appends an entry, within the transaction of the change that it is about. Does nothing if the
   * entry is there already, since a request may need several transactions. Entries of one chain
   * take turns from here to the commit.
   */
  public void append(Tx tx, AuditEntry entry) {
    var end =
        tx.updateReturningOne(
                """
                INSERT INTO audit_chains AS c (chain, seq, hash, first_hash) VALUES (?, 0, ?, ?)
                ON CONFLICT (chain) DO UPDATE SET seq = c.seq
                RETURNING seq, hash, EXISTS (SELECT FROM audit_entries e WHERE e.id = ?) AS there
                """,
                row -> new End(row.bigint("seq"), row.bytes("hash"), row.bool("there")),
                entry.chain(),
                BEFORE_THE_FIRST,
                BEFORE_THE_FIRST,
                entry.id())
            .orElseThrow();
    if (end.hasEntry()) {
      return;
    }
    long seq = end.seq() + 1;
    var content = entry.content();
    var hash = hash(end.hash(), entry.chain(), seq, content);
    tx.update(
        """
        INSERT INTO audit_entries
          (chain, seq, id, created_at, type, project_id, actor_id, target_id, content, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        entry.chain(),
        seq,
        entry.id(),
        entry.at(),
        entry.type(),
        entry.project(),
        entry.actorId(),
        entry.target(),
        content,
        hash);
    tx.update(
        "UPDATE audit_chains SET seq = ?, hash = ? WHERE chain = ?", seq, hash, entry.chain());
  }

  private static byte[] hash(byte[] before, String chain, long seq, String content) {
    return Sha256.of(
        before,
        chain.getBytes(StandardCharsets.UTF_8),
        ByteBuffer.allocate(Long.BYTES).putLong(seq).array(),
        content.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * An entry as it is stored.
   *
   * @param content its JSON
   */
  public record Stored(String id, String chain, long seq, byte[] hash, String content) {
    static Stored of(Row row) throws SQLException {
      return new Stored(
          row.text("id"),
          row.text("chain"),
          row.bigint("seq"),
          row.bytes("hash"),
          row.text("content"));
    }
  }

  /**
   * Which entries are listed. Null and empty lists stand for all.
   *
   * @param projects only of these projects
   * @param from inclusive
   * @param until exclusive
   */
  public record Filter(
      List<String> projects,
      List<String> types,
      List<String> actors,
      List<String> targets,
      Instant from,
      Instant until) {}

  /** A page of entries. */
  public Page<Stored> list(Filter filter, PageRequest page) {
    var entries = Keyset.of("id, chain, seq, hash, content", "audit_entries");
    within(entries, "chain", filter.projects());
    filteredBy(entries, "type", filter.types());
    filteredBy(entries, "actor_id", filter.actors());
    filteredBy(entries, "target_id", filter.targets());
    if (filter.from() != null) {
      entries.filteredBy("created_at >= ?", filter.from());
    }
    if (filter.until() != null) {
      entries.filteredBy("created_at < ?", filter.until());
    }
    return entries.page(page, (sql, params) -> jdbc.list(sql, Stored::of, params), Stored::id);
  }

  private static void within(Keyset entries, String column, List<String> values) {
    if (!values.isEmpty()) {
      entries.within(column + " = ANY(?)", values);
    }
  }

  private static void filteredBy(Keyset entries, String column, List<String> values) {
    if (!values.isEmpty()) {
      entries.filteredBy(column + " = ANY(?)", values);
    }
  }

  /**
   * What a chain says of itself.
   *
   * @param seq of its last entry
   * @param hash of its last entry
   * @param firstSeq of the first entry that is kept
   * @param firstHash of the entry before that one
   */
  record Chain(String chain, long seq, byte[] hash, long firstSeq, byte[] firstHash) {
    static Chain of(Row row) throws SQLException {
      return new Chain(
          row.text("chain"),
          row.bigint("seq"),
          row.bytes("hash"),
          row.bigint("first_seq"),
          row.bytes("first_hash"));
    }
  }

  /** The chains behind this one, in their order. */
  List<Chain> chains(String behind, int limit) {
    return jdbc.list(
        """
        SELECT chain, seq, hash, first_seq, first_hash FROM audit_chains
        WHERE chain > ? ORDER BY chain LIMIT ?
        """,
        Chain::of,
        behind,
        limit);
  }

  Optional<Chain> chain(String name) {
    return jdbc.one(
        "SELECT chain, seq, hash, first_seq, first_hash FROM audit_chains WHERE chain = ?",
        Chain::of,
        name);
  }

  /**
   * Why the entries of a chain are not those that were appended; empty if they are. Entries that
   * are appended meanwhile are not looked at.
   */
  Optional<String> fault(Chain chain) {
    long expected = chain.firstSeq();
    var before = chain.firstHash();
    while (expected <= chain.seq()) {
      var entries =
          jdbc.list(
              """
              SELECT id, chain, seq, hash, content FROM audit_entries
              WHERE chain = ? AND seq >= ? AND seq <= ? ORDER BY seq LIMIT ?
              """,
              Stored::of,
              chain.chain(),
              expected,
              chain.seq(),
              BATCH);
      if (entries.isEmpty()) {
        return Optional.of(
            "The entries from %d to %d are missing.".formatted(expected, chain.seq()));
      }
      for (var entry : entries) {
        if (entry.seq() != expected) {
          return Optional.of(
              "The entries from %d to %d are missing.".formatted(expected, entry.seq() - 1));
        }
        before = hash(before, chain.chain(), expected, entry.content());
        if (!Arrays.equals(before, entry.hash())) {
          return Optional.of("Entry %d is not the one that was appended.".formatted(expected));
        }
        expected++;
      }
    }
    return Arrays.equals(before, chain.hash())
        ? Optional.empty()
        : Optional.of("The last entry is not the one that was appended.");
  }

  /** Deletes the oldest entries of a chain that are older than this, at most a batch. */
  int deleteOlder(String chain, Instant than) {
    return jdbc.inTransaction(
        tx -> {
          // Locked as by whoever appends, so that the chain begins where its entries do.
          tx.one("SELECT seq FROM audit_chains WHERE chain = ? FOR UPDATE", _ -> true, chain);
          long last =
              tx.one(
                      """
                      SELECT coalesce(max(seq), 0) AS seq FROM (
                        SELECT seq, created_at FROM audit_entries WHERE chain = ?
                        ORDER BY seq LIMIT ?) AS oldest
                      WHERE created_at < ?
                      """,
                      row -> row.bigint("seq"),
                      chain,
                      BATCH,
                      than)
                  .orElseThrow();
          if (last == 0) {
            return 0;
          }
          tx.update(
              """
              UPDATE audit_chains SET first_seq = e.seq + 1, first_hash = e.hash
              FROM audit_entries e
              WHERE audit_chains.chain = ? AND e.chain = ? AND e.seq = ?
              """,
              chain,
              chain,
              last);
          return tx.update("DELETE FROM audit_entries WHERE chain = ? AND seq <= ?", chain, last);
        });
  }

  static String hex(byte[] hash) {
    return HexFormat.of().formatHex(hash);
  }
}
