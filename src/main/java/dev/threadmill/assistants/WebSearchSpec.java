package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Searches the web.
 *
 * @param filters which hosts the results may be of; null for all
 * @param userLocation where the user is, about; null if it is not known
 * @param searchContextSize how much of what is found the model is given; null for medium
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record WebSearchSpec(
    Filters filters, UserLocation userLocation, ContextSize searchContextSize) implements ToolSpec {
  /** The type of the tool and of its calls, and the name of its function. */
  public static final String TYPE = "web_search";

  /** The names of this tool in the Responses API, some with a date. */
  public static final Pattern NAMES =
      Pattern.compile("web_search(_preview)?(_\\d{4}_\\d{2}_\\d{2})?");

  private static final int MAX_PLACE = 256;
  private static final Pattern COUNTRY = Pattern.compile("[A-Za-z]{2}");
  private static final Pattern TIMEZONE = Pattern.compile("[A-Za-z0-9_+/-]{1,64}");

  @JsonCreator
  public WebSearchSpec {}

  /** Whether the results are restricted to some hosts. */
  public boolean isFiltered() {
    return !effectiveFilters().allowed().isEmpty() || !effectiveFilters().blocked().isEmpty();
  }

  /** The filters, none if they are null. */
  public Filters effectiveFilters() {
    return filters == null ? new Filters(null, null) : filters;
  }

  /** The size, medium if it is null. */
  public ContextSize effectiveSize() {
    return searchContextSize == null ? ContextSize.MEDIUM : searchContextSize;
  }

  /**
   * Hosts, each of which stands for those below it as well.
   *
   * @param allowedDomains those that results may be of; null or empty for all
   * @param blockedDomains those that results must not be of; null for none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Filters(List<String> allowedDomains, List<String> blockedDomains) {
    public Filters {
      allowedDomains = SafetyOptions.domains("filters.allowed_domains", allowedDomains);
      blockedDomains = SafetyOptions.domains("filters.blocked_domains", blockedDomains);
    }

    /** The hosts that results may be of; empty for all. */
    public List<String> allowed() {
      return allowedDomains == null ? List.of() : allowedDomains;
    }

    /** The hosts that results must not be of. */
    public List<String> blocked() {
      return blockedDomains == null ? List.of() : blockedDomains;
    }
  }

  /**
   * Where the user is, about. What is not known is null.
   *
   * @param country two letters of ISO 3166
   * @param timezone a name of the IANA database
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record UserLocation(
      String type, String city, String country, String region, String timezone) {
    public UserLocation {
      if (type != null && !type.equals("approximate")) {
        throw ApiException.invalid(
            "user_location.type", "Invalid 'user_location.type': expected 'approximate'.");
      }
      type = "approximate";
      Bounds.text("user_location.city", city, MAX_PLACE);
      Bounds.text("user_location.region", region, MAX_PLACE);
      if (country != null && !COUNTRY.matcher(country).matches()) {
        throw ApiException.invalid(
            "user_location.country",
            "Invalid 'user_location.country': expected two letters, such as 'US'.");
      }
      if (timezone != null && !TIMEZONE.matcher(timezone).matches()) {
        throw ApiException.invalid(
            "user_location.timezone",
            "Invalid 'user_location.timezone': expected a name such as 'Europe/Vienna'.");
      }
    }
  }

  /** How much of what is found the model is given. */
  public enum ContextSize {
    @JsonProperty("low")
    LOW,
    @JsonProperty("medium")
    MEDIUM,
    @JsonProperty("high")
    HIGH
  }
}
