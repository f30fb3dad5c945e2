package dev.threadmill.projects.keys;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.egress.CidrRange;
import dev.threadmill.projects.KeyLifetime;
import dev.threadmill.projects.Scope;
import java.time.Duration;
import java.util.List;

/**
 * The body of {@code POST /v1/projects/{project_id}/api_keys}, which may be empty.
 *
 * @param limits as in {@code POST …/api_keys/{key_id}/limits}; null for none
 * @param scopes null for all but {@code admin}
 * @param expiresAt in seconds since 1970; null for a key that works until it is deleted
 * @param expiresAfter as an alternative
 * @param allowedAddresses CIDR ranges; null for every address
 */
record CreateApiKey(
    String name,
    JsonNode limits,
    List<Scope> scopes,
    Long expiresAt,
    KeyLifetime expiresAfter,
    List<String> allowedAddresses) {
  static final int MAX_NAME = 256;
  private static final int MAX_ADDRESSES = 50;
  private static final Duration LONGEST = Duration.ofDays(3_660);

  CreateApiKey {
    Bounds.text("name", name, MAX_NAME);
    scopes = checkedScopes(scopes);
    allowedAddresses = checkedAddresses(allowedAddresses);
    if (expiresAt != null && expiresAfter != null) {
      throw ApiException.invalid(
          "expires_after", "Invalid 'expires_after': 'expires_at' is there as well.");
    }
    if (expiresAfter != null) {
      expiresAfter.requireWithin("expires_after", Duration.ofMinutes(1), LONGEST);
    }
  }

  static List<Scope> checkedScopes(List<Scope> scopes) {
    if (scopes == null) {
      return null;
    }
    if (scopes.isEmpty()) {
      throw ApiException.invalid("scopes", "Invalid 'scopes': expected at least one.");
    }
    return Bounds.list("scopes", scopes, Scope.values().length).stream().distinct().toList();
  }

  static List<String> checkedAddresses(List<String> ranges) {
    if (ranges == null) {
      return null;
    }
    if (ranges.isEmpty()) {
      throw ApiException.invalid(
          "allowed_addresses", "Invalid 'allowed_addresses': expected at least one, or null.");
    }
    var checked = Bounds.list("allowed_addresses", ranges, MAX_ADDRESSES);
    for (int i = 0; i < checked.size(); i++) {
      try {
        CidrRange.parse(checked.get(i));
      } catch (IllegalArgumentException _) {
        var param = "allowed_addresses[%d]".formatted(i);
        throw ApiException.invalid(
            param,
            "Invalid '%s': expected a range such as 10.0.0.0/8 or fd00::/8.".formatted(param));
      }
    }
    return checked.stream().map(String::strip).toList();
  }
}
