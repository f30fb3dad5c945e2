package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which hosts an assistant's tools may reach, and its links lead to.
 *
 * @param strict whether links and images in answers and in arguments of calls that lead to other
 *     hosts are replaced, and outputs of tools are limited; then no list allows no link
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
