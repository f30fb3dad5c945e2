package dev.threadmill.models.prices;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.models.Money;
import dev.threadmill.models.Price;
import dev.threadmill.models.Usage;
import java.math.BigDecimal;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shipped prices, and what usage costs by them. */
class PriceListTest {
  private static final PriceList LIST = PriceList.shipped();

  private static Price price(String provider, String model) {
    return LIST.find(provider, model).orElseThrow();
  }

  @Test
  void theListSaysOfWhichDateItIs() {
    assertThat(LIST.date()).isAfter(LocalDate.of(2025, 1, 1));
    assertThat(LIST.providers())
        .containsExactly("anthropic", "deepseek", "google", "mistral", "openai");
  }

  @ParameterizedTest
  @CsvSource({
    "openai, gpt-4o, 2.5, 10",
    "openai, gpt-4o-2024-08-06, 2.5, 10",
    "openai, gpt-4o-2024-05-13, 5, 15",
    "openai, gpt-4o-mini-2024-07-18, 0.15, 0.6",
    "openai, gpt-4o-audio-preview-2025-06-03, 2.5, 10",
    "openai, gpt-4.1-nano, 0.1, 0.4",
    "openai, text-embedding-3-small, 0.02, 0",
    "anthropic, claude-sonnet-4-5-20250929, 3, 15",
    "anthropic, claude-3-5-haiku-latest, 0.8, 4",
    "google, models/gemini-2.5-flash, 0.3, 2.5",
    "google, gemini-2.5-flash-preview-09-2025, 0.3, 2.5",
    "mistral, mistral-large-2411, 2, 6",
    "deepseek, deepseek-chat, 0.28, 0.42"
  })
  void aModelAndItsVersionsHaveAPrice(String provider, String model, String input, String output) {
    assertThat(price(provider, model).input()).isEqualByComparingTo(input);
    assertThat(price(provider, model).output()).isEqualByComparingTo(output);
  }

  @ParameterizedTest
  @CsvSource({
    "openai, gpt-4.5-mini",
    "openai, gpt-4o-mine",
    "openai, claude-3-opus",
    "google, gemini",
    "elsewhere, gpt-4o"
  })
  void anUnknownModelHasNoPrice(String provider, String model) {
    assertThat(LIST.find(provider, model)).isEmpty();
  }

  @Test
  void theAddressOfAProviderSaysWhosePricesCount() {
    assertThat(LIST.providerAt("https://api.mistral.ai/v1")).contains("mistral");
    assertThat(LIST.providerAt("https://api.openai.com.example.org/v1")).isEmpty();
    assertThat(LIST.providerAt("http://127.0.0.1:8000/v1")).isEmpty();
  }

  @Test
  void cachedReasoningAndSoundHavePricesOfTheirOwn() {
    var usage = new Usage(1_000, 500, 200).withParts(600, 100, 50, 0);
    var price =
        new Price(
            new BigDecimal("2.5"),
            new BigDecimal("1.25"),
            new BigDecimal("10"),
            null,
            new BigDecimal("40"),
            new BigDecimal("80"),
            null);

    // 300 of text, 600 cached, 100 of sound; 250 of text, 200 of reasoning, 50 of sound.
    assertThat(price.of(usage))
        .isEqualTo(
            new Money(300 * 2_500 + 600 * 1_250 + 100 * 40_000 + 450 * 10_000 + 50 * 80_000));
    assertThat(price.most(1_000, 500)).isEqualTo(new Money(1_000 * 40_000 + 500 * 80_000));
  }

  @Test
  void amountsBelowABillionthAreRoundedUpOnceAtTheEnd() {
    var price = price("openai", "gpt-5-nano");

    // 0.005 dollars a million is 5 billionths a token; 0.01875 is 18.75.
    assertThat(price.of(new Usage(3, 0).withParts(3, 0, 0, 0))).isEqualTo(new Money(15));
    assertThat(price("google", "gemini-1.5-flash").of(new Usage(3, 0).withParts(3, 0, 0, 0)))
        .isEqualTo(new Money(57));
    assertThat(price("google", "gemini-1.5-flash").of(new Usage(4, 0).withParts(4, 0, 0, 0)))
        .isEqualTo(new Money(75));
  }

  @Test
  void theSumOfAnUnknownAndAKnownCostIsUnknown() {
    var known = new Usage(10, 5).at(price("openai", "gpt-4o"));
    var unknown = new Usage(10, 5).at(null);

    assertThat(known.plus(Usage.NONE).cost()).isEqualTo(new Money(75_000));
    assertThat(known.plus(unknown).cost()).isNull();
    assertThat(Usage.NONE.at(null).cost()).isEqualTo(Money.NONE);
  }
}
