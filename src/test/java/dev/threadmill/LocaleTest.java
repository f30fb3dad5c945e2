package dev.threadmill;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.threadmill.testing.Cluster;
import org.junit.jupiter.api.Test;

/** The locale of the machine changes nothing: not the case of words, not the digits of numbers. */
class LocaleTest {
  @Test
  void caseIsChangedAndTextFormattedWithALocale() {
    noClasses()
        .should()
        .callMethod(String.class, "toLowerCase")
        .orShould()
        .callMethod(String.class, "toUpperCase")
        .orShould()
        .callMethod(String.class, "format", String.class, Object[].class)
        .because("the default locale may be Turkish")
        .check(new ClassFileImporter().importPackages("dev.threadmill"));
  }

  @Test
  void aServerWithTurkishLettersAndArabicDigitsAnswersAsAnyOther() {
    try (var cluster = Cluster.of(1)) {
      cluster
          .node(0)
          .withJvmOption("-Duser.language=tr")
          .withJvmOption("-Duser.country=TR")
          .withJvmOption("-Duser.extensions=u-nu-arab");
      var api = cluster.start().api(cluster.node(0));
      var assistant = api.post("/v1/assistants", "{\"model\": \"rehearsal\"}").id();

      var run =
          api.post(
              "/v1/threads/runs",
              """
              {"assistant_id": "%s", "stream": true,
               "thread": {"messages": [{"role": "user", "content": "Hello"}]}}
              """
                  .formatted(assistant));
      var refused = api.get("/v1/threads?limit=1000");

      assertThat(run.text()).contains("thread.run.in_progress", "thread.run.completed");
      assertThat(refused.error().path("message").asText()).contains("100");
    }
  }
}
