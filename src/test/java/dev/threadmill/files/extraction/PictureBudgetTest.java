package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.ProjectId;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;

/** What a model that reads the pictures of files costs a project. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class PictureBudgetTest {
  @Inject ModelRegistry models;
  @Inject BudgetLedger ledger;
  @Inject PictureTexts texts;
  FakeProvider provider;

  @Test
  void picturesAreChargedToTheProjectAndNotReadWhenItsBudgetIsUsedUp() throws Exception {
    provider.reset();
    provider.otherwise(_ -> Reply.text("An invoice"));
    var admin = ApiClient.admin();
    var project = admin.post("/v1/projects", "{\"name\": \"pictures\"}").id();
    var limits = "/v1/projects/" + project + "/limits";
    admin.post(limits, "{\"count_usage\": true}");
    var reader =
        new ModelPictureReader(
            ExtractionSettings.usual().withPictureModel("gpt-4o"), models, ledger, texts);

    assertThat(reader.read(new ProjectId(project), new byte[] {1}, "image/png"))
        .contains("An invoice");

    assertThat(admin.get(limits).json().at("/used/total/tokens").asLong()).isPositive();
    admin.post(limits, "{\"budgets\": {\"total\": {\"tokens\": 1}}}");
    assertThat(reader.read(new ProjectId(project), new byte[] {1}, "image/png"))
        .contains("An invoice");
    assertThatThrownBy(() -> reader.read(new ProjectId(project), new byte[] {2}, "image/png"))
        .isInstanceOfSatisfying(
            ExtractionException.class,
            e -> assertThat(e.code()).isEqualTo(ExtractionException.Code.SERVER_ERROR))
        .hasMessageContaining("budget");
  }
}
