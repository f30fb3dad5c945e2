package dev.threadmill.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.arc.All;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every kind of tool is known wherever a kind has to be known. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class ToolKindsTest {
  @Inject @All List<ToolProvider<?>> providers;

  @Test
  void everyKindHasAProvider() {
    assertThat(providers)
        .extracting(ToolProvider::spec)
        .map(Class.class::cast)
        .containsExactlyInAnyOrder(ToolSpec.class.getPermittedSubclasses());
  }

  @Test
  void everyKindMayBeInARequestForAResponse() {
    assertThat(ToolSpec.class.getPermittedSubclasses())
        .allSatisfy(kind -> assertThat(names(kind)).anyMatch(ToolKindsTest::isKnown));
  }

  private static List<String> names(Class<?> kind) {
    return Arrays.stream(ToolSpec.class.getAnnotation(JsonSubTypes.class).value())
        .filter(type -> type.value().equals(kind))
        .map(JsonSubTypes.Type::name)
        .toList();
  }

  private static boolean isKnown(String type) {
    var answer =
        ApiClient.user()
            .post(
                "/v1/responses",
                "{\"model\": \"rehearsal\", \"input\": \"Hi\", \"tools\": [{\"type\": \"%s\"}]}"
                    .formatted(type));
    // A kind that is not known is left out; one that is known lacks fields here, or is shown.
    return answer.status() == 400 || !answer.json().path("tools").isEmpty();
  }
}
