package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.math.RoundingMode;

/** An amount in US dollars, to the billionth. On the wire it is a number of dollars. */
public record Money(long nanos) {
  public static final Money NONE = new Money(0);

  private static final int PLACES = 9;

  /** Digits beyond a billionth are dropped. */
  public static Money ofDollars(BigDecimal dollars) {
    return new Money(
        dollars.setScale(PLACES, RoundingMode.DOWN).movePointRight(PLACES).longValueExact());
  }

  /** The nanos of an amount; null for null. */
  public static Long nanos(Money money) {
    return money == null ? null : money.nanos();
  }

  /** The amount of so many nanos; null for null. */
  public static Money ofNanos(Long nanos) {
    return nanos == null ? null : new Money(nanos);
  }

  @JsonValue
  public BigDecimal dollars() {
    var plain = BigDecimal.valueOf(nanos, PLACES).stripTrailingZeros();
    return plain.scale() < 0 ? plain.setScale(0) : plain;
  }

  public Money plus(Money other) {
    return new Money(Math.addExact(nanos, other.nanos));
  }
}
