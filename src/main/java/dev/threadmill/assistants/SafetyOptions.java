package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which hosts an assistant's tools may reach.
 *
 * @param strict reserved; only false and null are accepted
 * @param allowedDomains host names, each possibly with {@code *.} before it
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SafetyOptions(Boolean strict, List<String> allowedDomains) {
  private static final int MAX_DOMAINS = 100;
  private static final Pattern DOMAIN =
      Pattern.compile("(?:\\*\\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?");

  public SafetyOptions {
    allowedDomains = domains("allowed_domains", allowedDomains);
  }

  /**
   * Refuses options that this server does not enforce. Stored options are not checked again.
   *
   * @param options null for none
   * @throws ApiException 400 for {@code strict}
   */
  static void requireEnforced(SafetyOptions options) {
    if (options != null && Boolean.TRUE.equals(options.strict())) {
      throw ApiException.invalid(
          "safety.strict",
          "Invalid 'safety.strict': this server does not enforce strict safety yet. Leave it out or"
              + " set it to false.");
    }
  }

  /** A list of host names, or 400 for what is none. */
  static List<String> domains(String param, List<String> names) {
    var domains = Bounds.list(param, names, MAX_DOMAINS);
    for (int i = 0; domains != null && i < domains.size(); i++) {
      if (!DOMAIN.matcher(domains.get(i)).matches()) {
        throw ApiException.invalid(
            "%s[%d]".formatted(param, i),
            "Invalid '%s[%d]': expected a host name, possibly after '*.'.".formatted(param, i));
      }
    }
    return domains;
  }
}
