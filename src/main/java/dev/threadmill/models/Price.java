package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.stream.Stream;

/**
 * The price of a million tokens in US dollars, by kind. Amounts are decimal numbers, and a cost is
 * computed from them exactly; only its end is rounded up, to the billionth of a dollar.
 *
 * @param input of a prompt
 * @param cachedInput of the part of a prompt that the provider had in its cache; null for {@code
 *     input}
 * @param output of a completion
 * @param reasoning of the part of a completion that was reasoning; null for {@code output}
 * @param audioInput of the part of a prompt that is sound; null for {@code input}
 * @param audioOutput of the part of a completion that is sound; null for {@code output}
 * @param imageInput of the part of a prompt that is images; null for {@code input}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Price(
    BigDecimal input,
    BigDecimal cachedInput,
    BigDecimal output,
    BigDecimal reasoning,
    BigDecimal audioInput,
    BigDecimal audioOutput,
    BigDecimal imageInput) {
  /** Costs nothing. */
  public static final Price FREE = of(BigDecimal.ZERO, BigDecimal.ZERO);

  /** Billionths of a dollar a token are thousandths of dollars a million tokens. */
  private static final int NANOS_A_TOKEN = 3;

  /** A price of prompts and completions alone. */
  public static Price of(BigDecimal input, BigDecimal output) {
    return new Price(input, null, output, null, null, null, null);
  }

  /** The cost of this usage. */
  public Money of(Usage usage) {
    long prompt =
        usage.promptTokens()
            - usage.cachedTokens()
            - usage.audioPromptTokens()
            - usage.imageTokens();
    long completion =
        usage.completionTokens() - usage.reasoningTokens() - usage.audioCompletionTokens();
    return money(
        Stream.of(
                cost(input, Math.max(0, prompt)),
                cost(or(cachedInput, input), usage.cachedTokens()),
                cost(or(audioInput, input), usage.audioPromptTokens()),
                cost(or(imageInput, input), usage.imageTokens()),
                cost(output, Math.max(0, completion)),
                cost(or(reasoning, output), usage.reasoningTokens()),
                cost(or(audioOutput, output), usage.audioCompletionTokens()))
            .reduce(BigDecimal.ZERO, BigDecimal::add));
  }

  /** The most that so many tokens may cost, of whichever kind they are. */
  public Money most(long promptTokens, long completionTokens) {
    return money(
        mostNanosOfPrompt()
            .multiply(BigDecimal.valueOf(promptTokens))
            .add(mostNanosOfCompletion().multiply(BigDecimal.valueOf(completionTokens))));
  }

  /** The most that a token of a prompt may cost, in billionths of a dollar. */
  public BigDecimal mostNanosOfPrompt() {
    return most(input, cachedInput, audioInput, imageInput);
  }

  /** The most that a token of a completion may cost, in billionths of a dollar. */
  public BigDecimal mostNanosOfCompletion() {
    return most(output, reasoning, audioOutput);
  }

  /** Whether no token costs anything. */
  @JsonIgnore
  public boolean isFree() {
    return mostNanosOfPrompt().signum() == 0 && mostNanosOfCompletion().signum() == 0;
  }

  private static BigDecimal most(BigDecimal... amounts) {
    return Stream.of(amounts)
        .filter(amount -> amount != null)
        .reduce(BigDecimal.ZERO, BigDecimal::max)
        .movePointRight(NANOS_A_TOKEN);
  }

  private static BigDecimal or(BigDecimal amount, BigDecimal otherwise) {
    return amount == null ? otherwise : amount;
  }

  private static BigDecimal cost(BigDecimal amount, long tokens) {
    return amount.multiply(BigDecimal.valueOf(tokens)).movePointRight(NANOS_A_TOKEN);
  }

  private static Money money(BigDecimal nanos) {
    var rounded = nanos.setScale(0, RoundingMode.CEILING);
    return new Money(
        rounded.min(BigDecimal.valueOf(Long.MAX_VALUE / 4)).max(BigDecimal.ZERO).longValueExact());
  }
}
