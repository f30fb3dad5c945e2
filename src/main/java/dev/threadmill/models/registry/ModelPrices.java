package dev.threadmill.models.registry;

import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.prices.PriceList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Gives models the prices of the shipped list, where the models file does not set them. */
final class ModelPrices {
  private static final String NONE = "none";
  private static final PriceList LIST = PriceList.shipped();

  /** The providers whose own address is the default of a type. */
  private static final Map<String, String> BY_TYPE =
      Map.of("openai", "openai", "anthropic", "anthropic", "gemini", "google");

  private ModelPrices() {}

  /** What may be said of the prices of a provider. */
  static List<String> names() {
    return Stream.concat(LIST.providers().stream(), Stream.of(NONE)).toList();
  }

  static boolean isKnown(String name) {
    return names().contains(name);
  }

  /** The setting THREADMILL_PRICES, if it is one of {@link #names}. */
  static Optional<String> checked(Optional<String> setting) {
    setting
        .filter(name -> !isKnown(name))
        .ifPresent(
            name -> {
              throw new ModelsFileException(
                  "THREADMILL_PRICES", "'%s' is none of %s".formatted(name, names()));
            });
    return setting;
  }

  /** The model with its price, as far as it is known. */
  static ModelInfo priced(ModelInfo info, String nameAtProvider, ProviderConfig provider) {
    if (info.price() != null) {
      return info;
    }
    return listOf(provider)
        .flatMap(list -> LIST.find(list, nameAtProvider))
        .map(info::priced)
        .orElse(info);
  }

  private static Optional<String> listOf(ProviderConfig provider) {
    var named = provider.options().prices();
    if (named != null) {
      return Optional.of(named).filter(name -> !name.equals(NONE));
    }
    return provider.baseUrl().isPresent()
        ? LIST.providerAt(provider.baseUrl().get())
        : Optional.ofNullable(BY_TYPE.get(provider.type()));
  }
}
