package dev.threadmill.files.extraction;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.HeapBytes;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.Sha256;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.limits.Payer;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.registry.ModelRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * Reads pictures with the model of the setting {@code picture-model}, one call for each, which the
 * project of the file is charged for. What was read last is kept, so that a file whose reading a
 * limit ends goes on at the next attempt where it ended.
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

  /** The part of the heap for texts of pictures. */
  private static final int SHARE_OF_THE_HEAP = 64;

  /** What a text takes beside its characters. */
  private static final int ENTRY_BYTES = 512;

  private final Cache<Key, String> texts =
      Caffeine.newBuilder()
          .maximumWeight(HeapBytes.share(SHARE_OF_THE_HEAP))
          .weigher((Key _, String text) -> ENTRY_BYTES + Character.BYTES * text.length())
          .expireAfterAccess(Duration.ofHours(1))
          .build();

  private final ExtractionConfig config;
  private final Function<String, Optional<LanguageModel>> models;
  private final BiFunction<ProjectId, LanguageModel, LanguageModel> metered;

  @Inject
  ModelPictureReader(ExtractionConfig config, ModelRegistry registry, BudgetLedger ledger) {
    this(
        config,
        registry::find,
        (project, model) -> ledger.metered(Payer.of(project), model, LONGEST_WAIT));
  }

  /**
   * A picture that a model has read.
   *
   * @param project which was charged; others are charged themselves
   */
  private record Key(ProjectId project, String model, String digest) {}

  /**
   * @param metered the model with its calls counted for the project
   */
  ModelPictureReader(
      ExtractionConfig config,
      Function<String, Optional<LanguageModel>> models,
      BiFunction<ProjectId, LanguageModel, LanguageModel> metered) {
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
    var key = new Key(project, name, HexFormat.of().formatHex(Sha256.of(picture)));
    var known = texts.getIfPresent(key);
    if (known != null) {
      return Optional.of(known);
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
