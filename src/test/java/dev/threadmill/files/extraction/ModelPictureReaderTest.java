package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.ProjectId;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ModelPictureReaderTest {
  private static final ProjectId PROJECT = new ProjectId("proj_" + "a".repeat(24));
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
            (_, found) -> found);

    assertThat(reader.read(PROJECT, PICTURE, "image/png")).contains("An invoice");

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
            (_, found) -> found);

    reader.read(PROJECT, PICTURE, "image/png");
    assertThat(reader.read(PROJECT, PICTURE.clone(), "image/png")).contains("An invoice");
    assertThat(model.requests).hasSize(1);

    reader.read(PROJECT, new byte[] {3, 2, 1}, "image/png");
    reader.read(new ProjectId("proj_" + "b".repeat(24)), PICTURE, "image/png");
    assertThat(model.requests).hasSize(3);
  }

  @Test
  void withoutTheSettingNoPictureIsRead() {
    var reader =
        new ModelPictureReader(
            ExtractionSettings.usual(), _ -> Optional.empty(), (_, found) -> found);

    assertThat(reader.maxPictures()).isZero();
  }

  @Test
  void aModelThatIsNotKnownReadsNothing() throws Exception {
    var reader =
        new ModelPictureReader(
            ExtractionSettings.usual().withPictureModel("other"),
            _ -> Optional.empty(),
            (_, found) -> found);

    assertThat(reader.read(PROJECT, PICTURE, "image/png")).isEmpty();
  }
}
