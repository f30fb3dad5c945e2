package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.Sha256;
import dev.threadmill.db.Jdbc;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.Usage;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class ModelPictureReaderTest {
  @Inject PictureTexts texts;
  @Inject Ids ids;
  @Inject Jdbc jdbc;
  private ProjectId project;

  @BeforeEach
  void useAProjectOfItsOwn() {
    project = ids.project();
  }

  private static final byte[] PICTURE = {1, 2, 3};

  /** In place of a provider, which is outside the server. */
  private static final class ScriptedModel implements LanguageModel {
    private final List<ModelRequest> requests = new ArrayList<>();

    @Override
    public ModelInfo info() {
      throw new UnsupportedOperationException();
    }

    @Override
    public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas) {
      requests.add(request);
      return new ModelResponse(
          "An invoice", null, null, List.of(), null, ModelResponse.FinishReason.STOP, Usage.NONE);
    }
  }

  @Test
  void theModelOfTheSettingReceivesThePicture() throws Exception {
    var model = new ScriptedModel();
    var reader =
        new ModelPictureReader(
            ExtractionSettings.usual().withPictureModel("seeing"),
            name -> name.equals("seeing") ? Optional.of(model) : Optional.empty(),
            (_, found) -> found,
            texts);

    assertThat(reader.read(project, PICTURE, "image/png")).contains("An invoice");

    assertThat(model.requests).hasSize(1);
    var message = (ModelMessage.User) model.requests.getFirst().messages().getFirst();
    assertThat(message.parts()).contains(new ModelPart.Image("data:image/png;base64,AQID", "high"));
  }

  @Test
  void aPictureThatWasReadCostsTheProjectNothingAtTheNextAttempt() throws Exception {
    var model = new ScriptedModel();
    var reader =
        new ModelPictureReader(
            ExtractionSettings.usual().withPictureModel("seeing"),
            _ -> Optional.of(model),
            (_, found) -> found,
            texts);

    reader.read(project, PICTURE, "image/png");
    assertThat(reader.read(project, PICTURE.clone(), "image/png")).contains("An invoice");
    assertThat(model.requests).hasSize(1);

    reader.read(project, new byte[] {3, 2, 1}, "image/png");
    reader.read(ids.project(), PICTURE, "image/png");
    assertThat(model.requests).hasSize(3);
  }

  @Test
  void whatOneNodeHasReadAnotherOneKnowsUntilItsTimeIsOver() throws Exception {
    var key = new PictureTexts.Key(project, "seeing", Sha256.of(PICTURE));
    var clock = new AtomicReference<>(Instant.parse("2031-05-01T10:00:00Z"));
    var one = new PictureTexts(jdbc, clock::get);
    var other = new PictureTexts(jdbc, clock::get);

    one.put(key, "An \u0000invoice");
    assertThat(other.find(key)).contains("An \uFFFDinvoice");

    clock.set(Instant.parse("2031-05-02T13:00:00Z"));
    assertThat(other.find(key)).isEmpty();
    assertThat(other.deleteExpired(1_000)).isPositive();
    clock.set(Instant.parse("2031-05-01T10:00:00Z"));
    assertThat(one.find(key)).isEmpty();
  }

  @Test
  void withoutTheSettingNoPictureIsRead() {
    var reader =
        new ModelPictureReader(
            ExtractionSettings.usual(), _ -> Optional.empty(), (_, found) -> found, texts);

    assertThat(reader.maxPictures()).isZero();
  }

  @Test
  void aModelThatIsNotKnownReadsNothing() throws Exception {
    var reader =
        new ModelPictureReader(
            ExtractionSettings.usual().withPictureModel("other"),
            _ -> Optional.empty(),
            (_, found) -> found,
            texts);

    assertThat(reader.read(project, PICTURE, "image/png")).isEmpty();
  }
}
