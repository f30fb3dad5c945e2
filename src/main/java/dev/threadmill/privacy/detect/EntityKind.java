package dev.threadmill.privacy.detect;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The kinds of personal data. Where findings overlap, the kind that stands first here is kept.
 *
 * @see #token()
 */
public enum EntityKind {
  /** API keys, tokens, private keys, passwords by context. */
  @JsonProperty("secret")
  SECRET("SECRET"),
  @JsonProperty("email")
  EMAIL("EMAIL"),
  @JsonProperty("iban")
  IBAN("IBAN"),
  @JsonProperty("credit_card")
  CREDIT_CARD("CARD"),
  /** Numbers of persons and of taxpayers, of {@link NationalIds}. */
  @JsonProperty("national_id")
  NATIONAL_ID("ID"),
  @JsonProperty("date_of_birth")
  DATE_OF_BIRTH("BIRTHDATE"),
  @JsonProperty("phone")
  PHONE("PHONE"),
  @JsonProperty("ip_address")
  IP_ADDRESS("IP"),
  @JsonProperty("address")
  ADDRESS("ADDRESS"),
  /** The number of a customer, by context. */
  @JsonProperty("customer_id")
  CUSTOMER_ID("CUSTOMER"),
  @JsonProperty("name")
  NAME("NAME");

  /** What the mode {@code standard} replaces: what no conversation needs. */
  public static final Set<EntityKind> STANDARD =
      Collections.unmodifiableSet(EnumSet.of(SECRET, IBAN, CREDIT_CARD, NATIONAL_ID));

  /** What the mode {@code strict} replaces. */
  public static final Set<EntityKind> ALL =
      Collections.unmodifiableSet(EnumSet.allOf(EntityKind.class));

  private final String token;

  EntityKind(String token) {
    this.token = token;
  }

  /** The word in tokens of this kind: capital letters of A to Z. */
  public String token() {
    return token;
  }

  /** The name in requests and responses. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The kind of this name in requests; empty if there is none. */
  public static Optional<EntityKind> of(String wireName) {
    return Arrays.stream(values()).filter(kind -> kind.wireName().equals(wireName)).findFirst();
  }

  /** The kind of tokens with this word; empty if there is none. */
  public static Optional<EntityKind> ofToken(String word) {
    return Arrays.stream(values()).filter(kind -> kind.token.equals(word)).findFirst();
  }
}
