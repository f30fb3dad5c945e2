package dev.threadmill.models.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.models.AnswerFold;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelAnswer;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.ProviderSettings;
import dev.threadmill.models.Retries;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Consumer;

/** One model of an OpenAI-compatible server. */
final class OpenAiModel implements LanguageModel {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String OPENAI = "https://api.openai.com/v1";
  private static final int LONGEST_ERROR = 65_536;

  /** How long to wait for the count of tokens once the answer itself is whole. */
  private static final Duration AFTER_FINISH = Duration.ofSeconds(5);

  private final Vertx vertx;
  private final HttpClient client;
  private final ModelsConfig config;
  private final ModelInfo info;
  private final String nameAtProvider;
  private final ProviderSettings settings;
  private final Faults faults;

  OpenAiModel(
      Vertx vertx,
      HttpClient client,
      ModelsConfig config,
      InstantSource clock,
      ModelInfo info,
      String nameAtProvider,
      ProviderSettings settings) {
    this.vertx = vertx;
    this.client = client;
    this.config = config;
    this.info = info;
    this.nameAtProvider = nameAtProvider;
    this.settings = settings;
    this.faults = new Faults(settings, clock);
  }

  @Override
  public ModelInfo info() {
    return info;
  }

  @Override
  public ModelAnswer answer(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    var body =
        ChatRequest.write(request, settings.spelled(nameAtProvider, request.model()), settings);
    return Retries.of(config).answer(settings.name(), told -> oneTry(request, body, told), deltas);
  }

  private ModelAnswer oneTry(ModelRequest request, byte[] body, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    var patience = settings.streams() ? config.nextByteTimeout() : config.answerTimeout();
    long end = System.nanoTime() + config.answerTimeout().toNanos();
    try (var exchange = HttpExchange.post(vertx, client, options(), body, patience)) {
      if (exchange.status() != 200) {
        throw faults.ofStatus(
            exchange.status(), exchange::header, error(exchange, end), request.model());
      }
      var fold = new AnswerFold(deltas);
      var type = exchange.header("content-type");
      if (type.contains("html")) {
        throw AnswerFold.garbage(settings.name(), null);
      }
      return type.contains("json")
          ? whole(request, exchange, fold, end)
          : streamed(request, exchange, fold);
    } catch (HttpExchange.Silence _) {
      throw settings.streams() ? faults.silence(patience) : faults.tooSlow(patience);
    } catch (IOException e) {
      throw faults.broken(e);
    }
  }

  private ModelAnswer streamed(ModelRequest request, HttpExchange exchange, AnswerFold fold)
      throws IOException, InterruptedException {
    var parser = new SseParser(config.longestLine());
    var chunks = new ChunkReader(fold);
    long length = 0;
    var lastId = "";
    while (true) {
      byte[] bytes = nextBytes(exchange, fold);
      if (bytes == null) {
        parser.end();
      } else {
        length += bytes.length;
        feed(parser, bytes, length);
      }
      for (var event = parser.next(); event != null; event = parser.next()) {
        if (event.is("[DONE]")) {
          exchange.leaveRest();
          return fold.whole(request, settings.name());
        }
        boolean repeated = !event.id().isEmpty() && event.id().equals(lastId);
        lastId = event.id();
        if (!repeated) {
          take(event, chunks, request);
        }
      }
      if (bytes == null) {
        return fold.whole(request, settings.name());
      }
    }
  }

  /** The next bytes; null at the end, which need not be waited for when the answer is whole. */
  private byte[] nextBytes(HttpExchange exchange, AnswerFold fold)
      throws IOException, InterruptedException {
    if (!fold.isFinished()) {
      return exchange.next(config.nextByteTimeout());
    }
    try {
      var limit = config.nextByteTimeout();
      return exchange.next(limit.compareTo(AFTER_FINISH) < 0 ? limit : AFTER_FINISH);
    } catch (IOException _) {
      return null;
    }
  }

  private void feed(SseParser parser, byte[] bytes, long length) {
    if (length > config.longestAnswer()) {
      throw tooLong();
    }
    try {
      parser.feed(bytes);
    } catch (SseParser.LineTooLong _) {
      throw tooLong();
    }
  }

  private void take(SseParser.Event event, ChunkReader chunks, ModelRequest request) {
    JsonNode chunk;
    try {
      chunk = JSON.readTree(event.data());
    } catch (IOException e) {
      throw AnswerFold.garbage(settings.name(), e);
    }
    if (!chunk.isObject()) {
      throw AnswerFold.garbage(settings.name(), null);
    }
    var fault = faults.inStream(chunk, event.name(), request.model());
    if (fault != null) {
      throw fault;
    }
    chunks.take(chunk);
  }

  private ModelAnswer whole(ModelRequest request, HttpExchange exchange, AnswerFold fold, long end)
      throws IOException, InterruptedException {
    var body = read(exchange, config.longestAnswer(), end);
    if (body == null) {
      throw tooLong();
    }
    JsonNode completion;
    try {
      completion = JSON.readTree(body);
    } catch (IOException e) {
      throw AnswerFold.garbage(settings.name(), e);
    }
    var fault = faults.inStream(completion, "", request.model());
    if (fault != null) {
      throw fault;
    }
    new ChunkReader(fold).take(completion);
    return fold.whole(request, settings.name());
  }

  /** What an error's body says; null if it cannot be had. */
  private JsonNode error(HttpExchange exchange, long end) throws InterruptedException {
    try {
      var body = read(exchange, LONGEST_ERROR, end);
      return body == null ? null : JSON.readTree(body);
    } catch (IOException _) {
      return null;
    }
  }

  /** The whole body, read before the end of the time for it; null if it is too long. */
  private static byte[] read(HttpExchange exchange, long longest, long end)
      throws IOException, InterruptedException {
    var body = new ByteArrayOutputStream();
    while (true) {
      var left = Duration.ofNanos(end - System.nanoTime());
      var bytes = exchange.next(left);
      if (bytes == null) {
        return body.toByteArray();
      }
      if (body.size() + bytes.length > longest) {
        return null;
      }
      body.writeBytes(bytes);
    }
  }

  private ProviderException tooLong() {
    return ProviderException.lasting(
        ModelException.Kind.PROVIDER_FAILED,
        "The answer of the provider '%s' is longer than allowed.".formatted(settings.name()));
  }

  private RequestOptions options() {
    var base = settings.baseUrl().orElse(OPENAI);
    int query = base.indexOf('?');
    var url =
        query < 0
            ? base + "/chat/completions"
            : base.substring(0, query) + "/chat/completions" + base.substring(query);
    var options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setAbsoluteURI(url)
            .putHeader("content-type", "application/json")
            .putHeader("accept", settings.streams() ? "text/event-stream" : "application/json")
            .putHeader("user-agent", "threadmill");
    settings.apiKey().ifPresent(key -> options.putHeader("authorization", "Bearer " + key));
    settings.headers().forEach(options::putHeader);
    return options;
  }
}
