package dev.threadmill.privacy;

import dev.threadmill.privacy.detect.EntityKind;
import dev.threadmill.projects.PrivacyOptions;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What is replaced in a project.
 *
 * @param mode the strictest of the project and its assistants
 * @param allowed the names that the project and each of its assistants with a mode allow: kinds
 *     whose tokens are turned back for callers, and kinds of media
 */
public record PrivacyPolicy(PrivacyOptions.Mode mode, Set<String> allowed) {
  /** Nothing is replaced. */
  public static final PrivacyPolicy OFF = new PrivacyPolicy(PrivacyOptions.Mode.OFF, Set.of());

  /** The policy that follows from all of these options; those without a mode say nothing. */
  static PrivacyPolicy of(Collection<PrivacyOptions> all) {
    var mode = PrivacyOptions.Mode.OFF;
    Set<String> allowed = null;
    for (var options : all) {
      if (options == null || !options.isOn()) {
        continue;
      }
      mode = options.mode().compareTo(mode) > 0 ? options.mode() : mode;
      var names = options.allowedEntities() == null ? List.<String>of() : options.allowedEntities();
      if (allowed == null) {
        allowed = new HashSet<>(names);
      } else {
        allowed.retainAll(names);
      }
    }
    return allowed == null ? OFF : new PrivacyPolicy(mode, Set.copyOf(allowed));
  }

  /** The policy with these options added. */
  PrivacyPolicy with(PrivacyOptions options) {
    if (options == null || !options.isOn()) {
      return this;
    }
    return mode == PrivacyOptions.Mode.OFF
        ? of(List.of(options))
        : of(List.of(new PrivacyOptions(mode, List.copyOf(allowed), null), options));
  }

  /** Whether anything is replaced. */
  public boolean isOn() {
    return mode != PrivacyOptions.Mode.OFF;
  }

  /** Whether all kinds are replaced. */
  public boolean isStrict() {
    return mode == PrivacyOptions.Mode.STRICT;
  }

  /** The kinds that are replaced. */
  Set<EntityKind> kinds() {
    return switch (mode) {
      case OFF -> Set.of();
      case STANDARD -> EntityKind.STANDARD;
      case STRICT -> EntityKind.ALL;
    };
  }

  /** The kinds whose tokens are turned back for callers. */
  public Set<EntityKind> revealed() {
    var kinds = EnumSet.noneOf(EntityKind.class);
    allowed.forEach(name -> EntityKind.of(name).ifPresent(kinds::add));
    return kinds;
  }

  /** Whether a medium in which nothing can be found may be sent to a model. */
  public boolean allowsMedium(String name) {
    return !isStrict() || allowed.contains(name);
  }
}
