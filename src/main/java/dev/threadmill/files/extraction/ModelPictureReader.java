package dev.threadmill.files.extraction;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.Sha256;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.limits.CallSource;
import dev.threadmill.limits.Payer;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.registry.ModelRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * Reads pictures with the model of the setting {@code picture-model}, one call for each, which the
 * project of the file is charged for. What was read is kept for a day, so that a file whose reading
 * a limit ends goes on at the next attempt where it ended, on any node.
 */
@ApplicationScoped
public class ModelPictureReader implements PictureReader {
  private static final Logger LOG = Logger.getLogger(ModelPictureReader.class);
  private static final int MAX_TOKENS = 4_096;

  /** For tokens that other calls of the project may return. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

  private static final String PROMPT =
      """
      Write down all text in this picture, in reading order. Write tables as Markdown tables. Describe each diagram, \
      chart or photograph in two sentences, with the figures that it shows. Write nothing else. If the picture is \
      empty, write "Empty picture".""";

  private final ExtractionConfig config;
  private final Function<String, Optional<LanguageModel>> models;
  private final BiFunction<ProjectId, LanguageModel, LanguageModel> metered;
  private final PictureTexts texts;

  @Inject
  ModelPictureReader(
      ExtractionConfig config, ModelRegistry registry, BudgetLedger ledger, PictureTexts texts) {
    this(
        config,
        registry::find,
        (project, model) ->
            ledger.metered(
                CallSource.of(Payer.of(project), ModelOperation.EXTRACTION), model, LONGEST_WAIT),
        texts);
  }

  /**
   * @param metered the model with its calls counted for the project
   */
  ModelPictureReader(
      ExtractionConfig config,
      Function<String, Optional<LanguageModel>> models,
      BiFunction<ProjectId, LanguageModel, LanguageModel> metered,
      PictureTexts texts) {
    this.texts = texts;
    this.config = config;
    this.models = models;
    this.metered = metered;
  }

  @Override
  public int maxPictures() {
    return config.pictureModel().isPresent() ? config.maxPictures() : 0;
  }

  @Override
  public Optional<String> read(ProjectId project, byte[] picture, String mediaType)
      throws ExtractionException, InterruptedException {
    var name = config.pictureModel().orElseThrow();
    var key = new PictureTexts.Key(project, name, Sha256.of(picture));
    var known = texts.find(key);
    if (known.isPresent()) {
      return known;
    }
    var text = ask(project, name, picture, mediaType);
    text.ifPresent(each -> texts.put(key, each));
    return text;
  }

  private Optional<String> ask(ProjectId project, String name, byte[] picture, String mediaType)
      throws ExtractionException, InterruptedException {
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
      return Optional.ofNullable(
          metered.apply(project, model.get()).answer(request, _ -> {}).text());
    } catch (LimitReachedException e) {
      throw ExtractionException.server(
          "The pictures of the file cannot be read: " + e.getMessage(), e);
    } catch (ModelException e) {
      LOG.warnf("The model %s did not read a picture: %s", name, e.getMessage());
      return Optional.empty();
    }
  }
}
