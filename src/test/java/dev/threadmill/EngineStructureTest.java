package dev.threadmill;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import org.junit.jupiter.api.Test;

/** No two classes of the engine need each other, so that each can be read after those it uses. */
class EngineStructureTest {
  private static final String ENGINE = "dev.threadmill.runs";

  @Test
  void noClassesOfTheEngineFormACycle() {
    var classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ENGINE);

    slices().assignedFrom(new OutermostClasses()).should().beFreeOfCycles().check(classes);
  }

  /** A slice for each class together with the classes nested in it. */
  private static final class OutermostClasses implements SliceAssignment {
    @Override
    public SliceIdentifier getIdentifierOf(JavaClass each) {
      var name = each.getBaseComponentType().getName();
      if (!name.startsWith(ENGINE + ".")) {
        return SliceIdentifier.ignore();
      }
      int nested = name.indexOf('$');
      return SliceIdentifier.of(nested < 0 ? name : name.substring(0, nested));
    }

    @Override
    public String getDescription() {
      return "the classes of the engine";
    }
  }
}
