package dev.threadmill.projects;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.egress.HostRegions;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.RegionMismatchException;
import io.quarkus.arc.All;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Keeps the data of a project in its region: decides whether a request, a model or another server
 * agrees with it. What is known to be in another region is refused; what is not known is refused if
 * the project has {@code strict_region}.
 *
 * <p>Regions of projects are cached for ten seconds, and changes are signalled to all nodes.
 */
@ApplicationScoped
public class Residency {
  static final String HEADER = "OpenAI-Data-Region";
  private static final Duration TTL = Duration.ofSeconds(10);
  private static final int MAX_ENTRIES = 10_000;

  private final Cache<ProjectId, Demand> demands =
      Caffeine.newBuilder().expireAfterWrite(TTL).maximumSize(MAX_ENTRIES).build();
  private final ResidencyConfig config;
  private final List<DataRecipient> recipients;
  private final HostRegions hosts;
  private final Jdbc jdbc;

  Residency(
      ResidencyConfig config, @All List<DataRecipient> recipients, HostRegions hosts, Jdbc jdbc) {
    this.hosts = hosts;
    this.config = config;
    this.recipients = recipients;
    this.jdbc = jdbc;
  }

  /**
   * What a project demands.
   *
   * @param region null if its data may be anywhere
   * @param isStrict whether what is not known is refused
   */
  private record Demand(String region, boolean isStrict) {
    static final Demand NONE = new Demand(null, false);

    /** Why data may not go to this region; empty if it may. */
    Optional<String> objection(String what, String where) {
      if (region == null || region.equals(where)) {
        return Optional.empty();
      }
      if (where != null) {
        return Optional.of(
            "%s is in the region '%s', and the data of this project stays in '%s'."
                .formatted(what, where, region));
      }
      return isStrict
          ? Optional.of(
              "The region of %s is not known, and the data of this project stays in '%s' (strict_region)."
                  .formatted(Character.toLowerCase(what.charAt(0)) + what.substring(1), region))
          : Optional.empty();
    }
  }

  /** The region of this server; empty if it is not configured. */
  Optional<String> ofServer() {
    return config.region().flatMap(Regions::parse);
  }

  /**
   * Checks what a project is about to demand against where this server is.
   *
   * @param region null if the project demands none
   * @throws ApiException 400 if this server cannot keep the project's data there
   */
  void requirePossible(String region, boolean isStrict) {
    if (region == null) {
      if (isStrict) {
        throw ApiException.invalid(
            "strict_region", "Invalid 'strict_region': the project has no 'region'.");
      }
      return;
    }
    var server = ofServer();
    if (server.isPresent() && !server.get().equals(region)) {
      throw ApiException.invalid(
          "region",
          RegionMismatchException.CODE,
          "Invalid 'region': this server keeps data in '%s'.".formatted(server.get()));
    }
    if (server.isEmpty() && isStrict) {
      throw ApiException.invalid(
          "strict_region",
          "Invalid 'strict_region': this server does not know its own region. Start it with THREADMILL_REGION.");
    }
    objections(new Demand(region, isStrict))
        .findFirst()
        .ifPresent(
            reason -> {
              throw ApiException.invalid(
                  "region", RegionMismatchException.CODE, "Invalid 'region': " + reason);
            });
  }

  private Stream<String> objections(Demand demand) {
    return recipients.stream()
        .flatMap(each -> each.recipient().stream())
        .flatMap(each -> demand.objection(each.name(), each.region()).stream());
  }

  /** Projects that have a region keep it when the settings of the server change: it must agree. */
  void onStart(@Observes StartupEvent start) {
    for (var demand :
        jdbc.list(
            "SELECT DISTINCT region, strict_region FROM projects WHERE region IS NOT NULL AND status = 'active'",
            Residency::demand)) {
      ofServer()
          .filter(server -> !server.equals(demand.region()))
          .ifPresent(
              server -> {
                throw new InvalidSettingException(
                    "THREADMILL_REGION",
                    server,
                    "is another region than '%s', which projects of this database have"
                        .formatted(demand.region()));
              });
      if (demand.isStrict() && ofServer().isEmpty()) {
        throw new InvalidSettingException(
            "THREADMILL_REGION",
            "is not set, and projects of this database have 'strict_region' in '%s'"
                .formatted(demand.region()));
      }
      objections(demand)
          .findFirst()
          .ifPresent(
              reason -> {
                throw new InvalidSettingException(
                    "THREADMILL_EMBEDDINGS_REGION", "does not agree with a project: " + reason);
              });
    }
  }

  /**
   * Checks the region that a request names.
   *
   * @param header the value of {@code OpenAI-Data-Region}; null if it was not sent
   * @throws ApiException 400 if it is not the region of the project
   */
  void requireAgreement(ProjectId project, String header) {
    if (header == null || header.isBlank()) {
      return;
    }
    var region = demand(project).region();
    if (region == null) {
      throw ApiException.invalid(
          HEADER,
          RegionMismatchException.CODE,
          "Invalid '%s': this project has no region. An admin sets it: POST /v1/projects/%s {\"region\": \"…\"}."
              .formatted(HEADER, project));
    }
    if (!region.equals(Regions.checked(HEADER, header))) {
      throw ApiException.invalid(
          HEADER,
          RegionMismatchException.CODE,
          "Invalid '%s': the data of this project stays in '%s'.".formatted(HEADER, region));
    }
  }

  /**
   * Checks that a model may read data of this project.
   *
   * @throws RegionMismatchException if it may not
   */
  public void requireModel(ProjectId project, ModelInfo model) {
    var demand = demand(project);
    var where = model.isInProcess() ? demand.region() : model.region();
    demand
        .objection("The model '%s'".formatted(model.name()), where)
        .ifPresent(
            reason -> {
              throw new RegionMismatchException(reason);
            });
  }

  /** Those of these hosts that may receive data of this project. */
  public AllowedDomains restrict(ProjectId project, AllowedDomains domains) {
    var demand = demand(project);
    return demand.region() == null
        ? domains
        : domains.with(
            host -> demand.objection("The host '%s'".formatted(host), hosts.of(host).orElse(null)));
  }

  private Demand demand(ProjectId project) {
    var known = demands.getIfPresent(project);
    if (known != null) {
      return known;
    }
    var loaded = load(project);
    demands.put(project, loaded);
    return loaded;
  }

  private Demand load(ProjectId project) {
    return jdbc.one(
            "SELECT region, strict_region FROM projects WHERE id = ?", Residency::demand, project)
        .orElse(Demand.NONE);
  }

  private static Demand demand(Row row) throws SQLException {
    return new Demand(row.text("region"), row.bool("strict_region"));
  }

  void invalidate(@Observes KeysChanged changed) {
    demands.invalidateAll();
  }

  void invalidate(@Observes Signal.ResyncRequested resync) {
    demands.invalidateAll();
  }
}
