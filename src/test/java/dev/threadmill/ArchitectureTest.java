package dev.threadmill;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A feature is a package, and may use only the packages before it. This list is the architecture.
 */
class ArchitectureTest {
  private static final String ROOT = "dev.threadmill";
  private static final List<String> ORDER =
      List.of(
          "api",
          "db",
          "telemetry",
          "egress",
          "models",
          "projects",
          "limits",
          "guard",
          "search",
          "files",
          "assistants",
          "threads",
          "memory",
          "tools",
          "runs",
          "protocols",
          "console",
          "lab");

  /**
   * The packages of {@code runs}; its own classes stand between what they use and who uses them.
   */
  private static final List<String> ENGINE =
      Stream.of(
              "runs.store",
              "runs.execution",
              "runs.context",
              "runs",
              "runs.streams",
              "runs.recovery",
              "runs.rest",
              "runs.api")
          .map(name -> ROOT + "." + name)
          .toList();

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void aFeatureUsesOnlyTheFeaturesBeforeIt() {
    for (int i = 0; i < ORDER.size() - 1; i++) {
      var above =
          ORDER.subList(i + 1, ORDER.size()).stream()
              .map(ArchitectureTest::packages)
              .toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage(packages(ORDER.get(i)))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(above)
          .allowEmptyShould(true)
          .check(CLASSES);
    }
  }

  @Test
  void aPackageOfTheEngineUsesOnlyThoseBeforeIt() {
    for (int i = 0; i < ENGINE.size() - 1; i++) {
      noClasses()
          .that()
          .resideInAPackage(ENGINE.get(i))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ENGINE.subList(i + 1, ENGINE.size()).toArray(String[]::new))
          .check(CLASSES);
    }
  }

  @Test
  void nothingUsesTheRoot() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".*..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT)
        .check(CLASSES);
  }

  @Test
  void everyPackageHasItsPlaceInTheOrder() {
    var known =
        Stream.concat(Stream.of(ROOT), ORDER.stream().map(ArchitectureTest::packages))
            .toArray(String[]::new);
    classes().should().resideInAnyPackage(known).check(CLASSES);
  }

  private static String packages(String feature) {
    return ROOT + "." + feature + "..";
  }
}
