package dev.threadmill;

import static java.util.function.Predicate.not;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A package may use only the packages before it. {@link #ORDER} is the architecture. */
class ArchitectureTest {
  private static final String ROOT = "dev.threadmill";

  /**
   * Every package, lowest first. A package that splits gets a line for each part, so that the parts
   * have an order, too.
   */
  private static final List<String> ORDER =
      List.of(
          "api",
          "api.heap",
          "api.sse",
          "api.http",
          "api.openapi",
          "db",
          "db.signals",
          "db.embedded",
          "telemetry",
          "telemetry.tracing",
          "egress",
          "privacy.detect",
          "models.pace",
          "models",
          "models.response",
          "models.adapt",
          "models.http",
          "models.prices",
          "models.rehearsal",
          "models.registry",
          "models.embeddings",
          "models.rerank",
          "models.openai",
          "models.langchain",
          "models.moderations",
          "audit",
          "projects.oidc",
          "projects",
          "projects.keys",
          "projects.tokens",
          "console",
          "audit.rest",
          "projects.idempotency",
          "limits",
          "limits.rest",
          "guard",
          "privacy",
          "events",
          "webhooks",
          "usage",
          "models.chat",
          "search",
          "sandbox",
          "files.extraction",
          "files.extraction.worker",
          "files.chunks",
          "files.storage",
          "files",
          "files.uploads",
          "files.rest",
          "vectorstores",
          "vectorstores.search",
          "vectorstores.ingestion",
          "vectorstores.rest",
          "assistants",
          "assistants.versions",
          "threads",
          "threads.search",
          "debuglogs",
          "memory.text",
          "memory.recall",
          "memory",
          "tools.schema",
          "tools",
          "tools.http",
          "tools.webhook",
          "tools.openapi",
          "tools.mcp",
          "tools.a2a",
          "tools.routing",
          "tools.filesearch",
          "tools.websearch",
          "tools.code",
          "runs.store",
          "runs.execution",
          "runs.node",
          "runs.context",
          "runs.spec",
          "runs.routing",
          "runs",
          "runs.streams",
          "runs.maintenance",
          "runs.rest",
          "runs.api",
          "protocols",
          "protocols.mcp",
          "protocols.a2a",
          "protocols.responses.items",
          "protocols.responses.request",
          "protocols.responses",
          "protocols.responses.containers",
          "users",
          "imports",
          "lab.memory",
          "lab.search",
          "lab.privacy",
          "lab.provider",
          "lab.transfer",
          "lab.audit",
          "lab.bench",
          "lab.cluster",
          "lab.chaos");

  /** Words that names of classes do not use, and what to use in their place. */
  private static final Map<String, String> REJECTED_WORDS =
      Map.ofEntries(
          Map.entry("Tape", "EventLog: an append-only log of events"),
          Map.entry("Told", "StreamEvent, or what was published, sent or written"),
          Map.entry("Telling", "StreamEvents, Encoder: name the output"),
          Map.entry("Happened", "Event, Published"),
          Map.entry("News", "Events, Changes, Notification"),
          Map.entry("Hearing", "Buffer, Listener: name the data structure"),
          Map.entry("Heard", "Partial, Received"),
          Map.entry("Aside", "Reasoning, Commentary"),
          Map.entry("Voice", "Kind"),
          Map.entry("Words", "Encoder: name the format"),
          Map.entry("Unseen", "Filter: name what it keeps"),
          Map.entry("Watches", "Subscriptions"),
          Map.entry("Leavings", "Changes: what a transaction writes"),
          Map.entry("Kept", "Heap, Retained, Index: name where it is kept"),
          Map.entry("Losses", "Tombstones"),
          Map.entry("Surroundings", "Neighbours"),
          Map.entry("Meanwhile", "Async"),
          Map.entry("Room", "Permits, Capacity, Size"),
          Map.entry("Baton", "Scheduler"),
          Map.entry("Errand", "Task"),
          Map.entry("Toolbox", "Toolset"),
          Map.entry("Toolboxes", "ToolsetFactory"),
          Map.entry("Face", "api: the name of the package says it"),
          Map.entry("Upkeep", "Recovery, Maintenance"),
          Map.entry("Sweep", "MaintenanceLoop, Cleanup"),
          Map.entry("Sheltered", "Uninterruptibly"),
          Map.entry("World", "Cluster"),
          Map.entry("Story", "Script, History"),
          Map.entry("Plot", "Script, Scenario"),
          Map.entry("Manager", "the step that the class performs"),
          Map.entry("Util", "the thing that the methods work on"),
          Map.entry("Utils", "the thing that the methods work on"),
          Map.entry("Impl", "what tells it from other implementations"));

  private static final Pattern WORD = Pattern.compile("[A-Z][a-z0-9]*");

  private static final JavaClasses ALL = new ClassFileImporter().importPackages(ROOT);

  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void everyPackageHasItsPlaceInTheOrder() {
    assertThat(MAIN.stream().map(ArchitectureTest::packageOf).distinct())
        .as("packages without a line in ORDER")
        .filteredOn(name -> !name.isEmpty() && !ORDER.contains(name))
        .isEmpty();
  }

  @Test
  void aPackageUsesOnlyThePackagesBeforeIt() {
    assertThat(
            dependencies()
                .filter(use -> placeOf(use.getOriginClass()) >= 0)
                .filter(use -> placeOf(use.getTargetClass()) > placeOf(use.getOriginClass())))
        .extracting(Dependency::getDescription)
        .isEmpty();
  }

  @Test
  void nothingUsesTheRoot() {
    assertThat(
            dependencies()
                .filter(use -> packageOf(use.getTargetClass()).isEmpty())
                .filter(use -> !packageOf(use.getOriginClass()).isEmpty()))
        .extracting(Dependency::getDescription)
        .isEmpty();
  }

  @Test
  void protocolsUseOnlyTheApiOfTheEngineAndTheRequestForARun() {
    assertThat(
            dependencies()
                .filter(use -> isIn("protocols", use.getOriginClass()))
                .filter(use -> isIn("runs", use.getTargetClass()))
                .filter(
                    use ->
                        !List.of("runs.api", "runs.spec")
                            .contains(packageOf(use.getTargetClass()))))
        .extracting(Dependency::getDescription)
        .isEmpty();
  }

  @Test
  void namesOfClassesUseNoRejectedWord() {
    assertThat(
            ALL.stream()
                .map(JavaClass::getSimpleName)
                .filter(not(String::isEmpty))
                .flatMap(name -> words(name).map(word -> name + ": " + REJECTED_WORDS.get(word)))
                .distinct())
        .isEmpty();
  }

  private static Stream<String> words(String name) {
    return WORD.matcher(name)
        .results()
        .map(word -> word.group())
        .filter(REJECTED_WORDS::containsKey);
  }

  /** The uses of classes of ours in another package. */
  private static Stream<Dependency> dependencies() {
    return MAIN.stream()
        .flatMap(each -> each.getDirectDependenciesFromSelf().stream())
        .filter(use -> use.getTargetClass().getPackageName().startsWith(ROOT))
        .filter(use -> !packageOf(use.getTargetClass()).equals(packageOf(use.getOriginClass())));
  }

  private static int placeOf(JavaClass each) {
    return ORDER.indexOf(packageOf(each));
  }

  private static boolean isIn(String feature, JavaClass each) {
    return packageOf(each).equals(feature) || packageOf(each).startsWith(feature + ".");
  }

  /** The package below the root; empty for the root itself. */
  private static String packageOf(JavaClass each) {
    var name = each.getBaseComponentType().getPackageName();
    return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
  }
}
