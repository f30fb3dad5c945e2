package dev.threadmill.limits;

import java.util.List;
import java.util.function.Predicate;

/**
 * The limits that apply to a payer, of each scope that has any.
 *
 * @param all the project first; empty if nothing is limited
 */
record PayerLimits(List<Scoped> all) {
  /** Nothing is limited. */
  static final PayerLimits NONE = new PayerLimits(List.of());

  PayerLimits {
    all = List.copyOf(all);
  }

  /** The limits of one scope. */
  record Scoped(LimitScope scope, Limits limits) {}

  /** Those in which the usage of model calls is counted. */
  PayerLimits counting() {
    return new PayerLimits(all.stream().filter(each -> each.limits().countsCalls()).toList());
  }

  List<LimitScope> scopes() {
    return all.stream().map(Scoped::scope).toList();
  }

  /** The limits of the project. */
  Limits ofProject() {
    return all.stream()
        .filter(each -> each.scope().kind() == LimitScope.Kind.PROJECT)
        .map(Scoped::limits)
        .findFirst()
        .orElse(Limits.NONE);
  }

  boolean any(Predicate<Limits> condition) {
    return all.stream().map(Scoped::limits).anyMatch(condition);
  }
}
