package dev.threadmill.api;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * On a JSON union: what to use in place of variants that clients send and this server does not
 * have. The 400 for such a variant says it.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Repeatable(UnknownVariantHint.All.class)
public @interface UnknownVariantHint {
  /** The names of the variants. */
  String[] types();

  /** A sentence that says what to use instead. */
  String message();

  /** Several hints. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.TYPE)
  @interface All {
    /** The hints. */
    UnknownVariantHint[] value();
  }
}
