package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.threadmill.testing.ClassConstants;
import jakarta.persistence.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Each table has one package that writes it. SQL is read from the string constants of the compiled
 * classes, entities from their annotation; triggers of the database are not looked at.
 */
class TableOwnersTest {
  /** The owner of each table. Packages below the owner may write it, too. */
  private static final Map<String, String> OWNERS = new TreeMap<>();

  static {
    owns("projects", "projects", "api_keys", "client_tokens");
    owns("console", "console_sessions");
    owns("audit", "audit_entries", "audit_chains");
    owns("projects.idempotency", "idempotency_keys");
    owns(
        "limits",
        "usage_limits",
        "usage_counters",
        "usage_reservations",
        "work_counters",
        "work_reservations",
        "budget_alerts");
    owns("files", "files", "file_blobs", "file_usage");
    owns("files.extraction", "picture_texts");
    owns("files.uploads", "uploads", "upload_parts");
    owns("assistants", "assistants");
    owns("assistants.versions", "assistant_versions");
    owns("telemetry", "outbox", "outbox_sinks");
    owns("threads", "threads", "messages", "thread_tool_files");
    owns("privacy", "privacy_keys", "privacy_vault");
    owns("events", "event_log", "event_log_head");
    owns("debuglogs", "debug_logs", "debug_log_settings");
    owns("usage", "usage_calls", "usage_buckets", "usage_storage");
    owns("webhooks", "webhook_endpoints", "webhook_deliveries", "webhook_lanes");
    owns(
        "memory",
        "memory_index",
        "memory_queue",
        "memory_forgotten",
        "memory_facts",
        "memory_summaries",
        "memory_summary_queue",
        "memory_retention",
        "memory_losses",
        "memory_reanalysis");
    owns(
        "vectorstores",
        "vector_stores",
        "vector_store_batches",
        "vector_store_files",
        "vector_store_contents",
        "vector_store_texts",
        "vector_store_index",
        "vector_store_tombstones");
    owns("tools.code", "code_files", "code_sessions", "containers");
    owns("protocols.responses", "responses");
    owns("imports", "imports", "import_items", "import_ids", "import_counts", "import_problems");
    owns("users", "user_erasures");
    owns("runs.store", "runs", "run_steps", "tool_calls", "run_journal", "nodes");
  }

  /** Statements that break the rule, as "package table", until they are moved. */
  private static final Set<String> FOREIGN_WRITES = Set.of();

  /** Tables that a package reads although another one owns them, as "package table". */
  private static final Set<String> FOREIGN_READS =
      Set.of(
          // Secrets of all kinds are looked up in one statement.
          "projects console_sessions",
          // A session is of a key that exists.
          "console api_keys",
          "debuglogs assistants",
          "memory messages",
          // What was made in a thread of a user.
          "files threads",
          "tools.code threads",
          "memory runs",
          "memory threads",
          "memory.recall messages",
          "memory.recall threads",
          "runs.context messages",
          "runs.context threads",
          "runs.store messages",
          "runs.store threads",
          "limits threads",
          "runs.store usage_limits",
          // Which policy a project has, and whose values a thread has.
          "privacy assistants",
          "privacy projects",
          "privacy threads",
          // Whether an id is taken, in whatever project.
          "imports assistants",
          "imports files",
          "imports threads",
          "imports vector_stores",
          "users event_log",
          "users files",
          "users memory_facts",
          "users memory_index",
          "users memory_summaries",
          "users messages",
          "users responses",
          "users run_steps",
          "users runs",
          "users thread_tool_files",
          "users threads",
          "users tool_calls",
          "users webhook_deliveries",
          "users webhook_endpoints",
          // Calls that are recorded and not counted yet, and the users of threads.
          "usage outbox",
          "usage outbox_sinks",
          "usage threads",
          "usage vector_store_files",
          "tools.filesearch run_steps",
          "tools.filesearch tool_calls",
          // Each search waits for one statement with texts and the names of their files.
          "vectorstores.search files",
          // An archived project receives nothing.
          "webhooks projects");

  /** Classes that put the name of a table into a statement at run time. */
  private static final Set<String> CHOOSE_A_TABLE =
      Set.of(
          "dev.threadmill.memory.ForgetMemory",
          // The tables of an index are a parameter.
          "dev.threadmill.search.IndexTombstones",
          "dev.threadmill.search.PostgresTextIndex");

  private static final Pattern WRITE =
      Pattern.compile(
          "\\b(?:INSERT INTO|UPDATE(?: ONLY)?|DELETE FROM(?: ONLY)?|MERGE INTO|TRUNCATE(?: TABLE)?)"
              + "\\s+([a-z_%\u0001][a-z_.0-9$]*)");
  private static final Pattern READ =
      Pattern.compile("\\b(?:FROM|JOIN|USING)\\s+(?:LATERAL\\s+)?([a-z_]+)");

  private static final List<ClassConstants> CONSTANTS = ClassConstants.ofTheServer();

  private static void owns(String owner, String... tables) {
    Stream.of(tables).forEach(table -> OWNERS.put(table, owner));
  }

  @Test
  void everyTableHasAnOwner() throws IOException {
    assertThat(OWNERS.keySet()).isEqualTo(tables());
  }

  @Test
  void aTableIsWrittenByItsOwnerAlone() {
    assertThat(uses(WRITE)).isEqualTo(FOREIGN_WRITES);
  }

  @Test
  void aTableIsReadByItsOwnerUnlessListed() {
    assertThat(uses(READ)).isEqualTo(FOREIGN_READS);
  }

  @Test
  void noStatementHidesTheTableThatItWrites() {
    assertThat(CONSTANTS)
        .filteredOn(TableOwnersTest::hidesItsTable)
        .as("the name of a table is written out in the statement")
        .extracting(ClassConstants::className)
        .containsOnlyElementsOf(CHOOSE_A_TABLE);
  }

  @Test
  void entitiesBelongToTheOwnerOfTheirTable() {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.threadmill");
    var entities = classes.stream().filter(type -> type.isAnnotatedWith(Table.class)).toList();

    assertThat(entities).isNotEmpty();
    assertThat(entities)
        .allSatisfy(
            type ->
                assertThat(type.getPackageName())
                    .isEqualTo(
                        "dev.threadmill."
                            + OWNERS.get(type.getAnnotationOfType(Table.class).name())));
  }

  private static boolean hidesItsTable(ClassConstants constant) {
    return matches(WRITE, constant.text())
        .anyMatch(table -> table.startsWith("%") || table.startsWith("\u0001"));
  }

  /** "package table" for each table that is used outside of the package that owns it. */
  private static Set<String> uses(Pattern pattern) {
    var found = new TreeSet<String>();
    for (var constant : CONSTANTS) {
      matches(pattern, constant.text())
          .filter(OWNERS::containsKey)
          .filter(Predicate.not(table -> isWithin(constant.room(), OWNERS.get(table))))
          .forEach(table -> found.add(constant.room() + " " + table));
    }
    return found;
  }

  /** Benchmarks and the chaos harness, which never serve, may use any table. */
  private static boolean isWithin(String room, String owner) {
    return room.equals(owner) || room.startsWith(owner + ".") || room.startsWith("lab.");
  }

  private static Stream<String> matches(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(match -> match.group(1));
  }

  /** The tables that the migrations leave behind. */
  private static Set<String> tables() throws IOException {
    var tables = new TreeSet<String>();
    var change =
        Pattern.compile(
            "^ *(?:CREATE TABLE (\\w+)|DROP TABLE (\\w+)|ALTER TABLE (\\w+) RENAME TO (\\w+))",
            Pattern.MULTILINE);
    try (var files = Files.list(Path.of("migrations"))) {
      for (var file : files.sorted().toList()) {
        var matcher = change.matcher(Files.readString(file));
        while (matcher.find()) {
          if (matcher.group(1) != null) {
            tables.add(matcher.group(1));
          } else {
            tables.remove(matcher.group(matcher.group(2) == null ? 3 : 2));
            if (matcher.group(4) != null) {
              tables.add(matcher.group(4));
            }
          }
        }
      }
    }
    return tables;
  }
}
