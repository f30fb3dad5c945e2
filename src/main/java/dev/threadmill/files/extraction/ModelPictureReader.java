package dev.threadmill.files.extraction;

import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.registry.ModelRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * Reads pictures with the model of the setting {@code picture-model}, one call for each. The tokens
 * are not charged to a budget: several projects may share the text of a file.
 */
@ApplicationScoped
public class ModelPictureReader implements PictureReader {
  private static final Logger LOG = Logger.getLogger(ModelPictureReader.class);
  private static final int MAX_TOKENS = 4_096;
  private static final String PROMPT =
      """
      Write down all text in this picture, in reading order. Write tables as Markdown tables. Describe each diagram, \
      chart or photograph in two sentences, with the figures that it shows. Write nothing else. If the picture is \
      empty, write "Empty picture".""";

  private final ExtractionConfig config;
  private final Function<String, Optional<LanguageModel>> models;

  @Inject
  ModelPictureReader(ExtractionConfig config, ModelRegistry registry) {
    this(config, registry::find);
  }

  ModelPictureReader(ExtractionConfig config, Function<String, Optional<LanguageModel>> models) {
    this.config = config;
    this.models = models;
  }

  @Override
  public int maxPictures() {
    return config.pictureModel().isPresent() ? config.maxPictures() : 0;
  }

  @Override
  public Optional<String> read(byte[] picture, String mediaType) throws InterruptedException {
    var name = config.pictureModel().orElseThrow();
    var model = models.apply(name);
    if (model.isEmpty()) {
      LOG.warnf("The model %s of threadmill.files.extraction.picture-model is not known", name);
      return Optional.empty();
    }
    var url = "data:" + mediaType + ";base64," + Base64.getEncoder().encodeToString(picture);
    var request =
        new ModelRequest(
            name,
            List.of(
                new ModelMessage.User(
                    List.of(new ModelPart.Text(PROMPT), new ModelPart.Image(url, "high")))),
            List.of(),
            null,
            false,
            null,
            null,
            null,
            MAX_TOKENS,
            null);
    try {
      return Optional.ofNullable(model.get().answer(request, _ -> {}).text());
    } catch (ModelException e) {
      LOG.warnf("The model %s did not read a picture: %s", name, e.getMessage());
      return Optional.empty();
    }
  }
}
