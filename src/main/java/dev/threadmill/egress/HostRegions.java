package dev.threadmill.egress;

import dev.threadmill.api.InvalidSettingException;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The regions of other servers, as the operator configures them: {@code api.example.com=eu}, or
 * {@code *.example.com=eu} for every host below it. The first entry that matches counts.
 */
@Singleton
public class HostRegions {
  private static final Pattern ENTRY =
      Pattern.compile("((?:\\*\\.)?[a-z0-9.:\\[\\]-]+)=([a-z0-9][a-z0-9-]{0,31})");

  private final List<Entry> entries = new ArrayList<>();

  private record Entry(AllowedDomains hosts, String region) {}

  @Inject
  HostRegions(EgressConfig config) {
    this(config.regions().orElse(List.of()));
  }

  /**
   * @throws InvalidSettingException if an entry is not a host and a region
   */
  public HostRegions(List<String> settings) {
    for (var each : settings) {
      var entry = ENTRY.matcher(each.strip().toLowerCase(Locale.ROOT));
      if (!entry.matches()) {
        throw new InvalidSettingException(
            "THREADMILL_EGRESS_REGIONS",
            each,
            "is not a host name and a region, such as *.example.com=eu");
      }
      entries.add(new Entry(new AllowedDomains(List.of(entry.group(1))), entry.group(2)));
    }
  }

  /**
   * The region of a host; empty if it is not configured.
   *
   * @param host in lower case, without a dot at the end
   */
  public Optional<String> of(String host) {
    return entries.stream()
        .filter(entry -> entry.hosts().allows(host))
        .map(Entry::region)
        .findFirst();
  }
}
