package dev.threadmill.models.prices;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.threadmill.models.Price;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.URI;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The list prices of providers, by the names of models, as they were published on a date. The list
 * is the resource {@code prices/prices.yaml}. It is meant for the addresses of these providers: the
 * same model has other prices elsewhere.
 */
public final class PriceList {
  private static final String RESOURCE = "/prices/prices.yaml";

  /** What providers append to the name of a model for one of its versions. */
  private static final Pattern VERSION =
      Pattern.compile(
          "-(?:latest|preview|exp|\\d{3,4}|\\d{8}|\\d{4}-\\d{2}-\\d{2}|\\d{2}-\\d{4}"
              + "|preview-\\d{2}-\\d{2}|preview-\\d{2}-\\d{4}|preview-\\d{4}-\\d{2}-\\d{2})$");

  private static final PriceList SHIPPED = read();

  private final LocalDate date;
  private final Map<String, Provider> providers;

  private PriceList(LocalDate date, Map<String, Provider> providers) {
    this.date = date;
    this.providers = providers;
  }

  /** The list that the server comes with. */
  public static PriceList shipped() {
    return SHIPPED;
  }

  private record Source(String date, List<Provider> providers) {}

  private record Provider(String name, List<String> hosts, Map<String, Entry> models) {}

  private record Entry(
      BigDecimal input,
      @JsonProperty("cached_input") BigDecimal cachedInput,
      BigDecimal output,
      BigDecimal reasoning,
      @JsonProperty("audio_input") BigDecimal audioInput,
      @JsonProperty("audio_output") BigDecimal audioOutput,
      @JsonProperty("image_input") BigDecimal imageInput) {
    Price price() {
      return new Price(
          input,
          cachedInput,
          output == null ? BigDecimal.ZERO : output,
          reasoning,
          audioInput,
          audioOutput,
          imageInput);
    }
  }

  private static PriceList read() {
    try (var resource = PriceList.class.getResourceAsStream(RESOURCE)) {
      var source =
          new ObjectMapper(new YAMLFactory())
              .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
              .readValue(resource, Source.class);
      return new PriceList(
          LocalDate.parse(source.date()),
          source.providers().stream().collect(Collectors.toMap(Provider::name, each -> each)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** When the prices were those of the providers. */
  public LocalDate date() {
    return date;
  }

  /** The names of the providers in the list. */
  public List<String> providers() {
    return providers.keySet().stream().sorted().toList();
  }

  /** The provider whose API has this address; empty if it is none of the list. */
  public Optional<String> providerAt(String url) {
    var host = URI.create(url).getHost();
    return providers.values().stream()
        .filter(provider -> provider.hosts().contains(host))
        .map(Provider::name)
        .findFirst();
  }

  /**
   * The price of a model of a provider in the list. A name that ends with a date or another mark of
   * a version has the price of the model, unless the version has one of its own.
   *
   * @param model as the provider calls it
   * @return empty if it is not in the list
   */
  public Optional<Price> find(String provider, String model) {
    var listed = providers.get(provider);
    if (listed == null) {
      return Optional.empty();
    }
    var name = model.startsWith("models/") ? model.substring("models/".length()) : model;
    var entry = listed.models().get(name);
    if (entry == null) {
      entry = listed.models().get(VERSION.matcher(name).replaceFirst(""));
    }
    return Optional.ofNullable(entry).map(Entry::price);
  }
}
