package dev.threadmill.assistants;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Field;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.EntityQuery;
import dev.threadmill.db.HibernateTransaction;
import dev.threadmill.db.Keyset;
import dev.threadmill.files.FileReferences;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.limits.LimitedAssistants;
import dev.threadmill.projects.PrivacyOptions;
import dev.threadmill.projects.PrivacyRequested;
import dev.threadmill.vectorstores.VectorStores;
import io.quarkus.hibernate.orm.panache.Panache;
import io.quarkus.hibernate.orm.panache.PanacheQuery;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.control.ActivateRequestContext;
import jakarta.enterprise.event.Event;
import jakarta.persistence.LockModeType;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** The assistants of all projects. */
@ApplicationScoped
public class Assistants implements LimitedAssistants {
  private static final int MAX_EXPOSED = 200;

  private static final String SIZE =
      Keyset.sizeExpression("tools", "instructions", "response_format");

  private final HibernateTransaction transaction;
  private final Ids ids;
  private final InstantSource clock;
  private final FileReferences files;
  private final ToolSecrets secrets;
  private final RoutingTargets targets;
  private final ContentGate gate;
  private final VectorStores stores;
  private final Event<MemoryOptionsChanged> memoryChanged;
  private final Event<PrivacyRequested> privacyRequested;
  private final Event<Changed> changed;

  Assistants(
      Ids ids,
      InstantSource clock,
      FileReferences files,
      ToolSecrets secrets,
      RoutingTargets targets,
      ContentGate gate,
      VectorStores stores,
      Event<MemoryOptionsChanged> memoryChanged,
      Event<PrivacyRequested> privacyRequested,
      Event<Changed> changed,
      HibernateTransaction transaction) {
    this.changed = changed;
    this.privacyRequested = privacyRequested;
    this.transaction = transaction;
    this.stores = stores;
    this.memoryChanged = memoryChanged;
    this.gate = gate;
    this.ids = ids;
    this.clock = clock;
    this.files = files;
    this.secrets = secrets;
    this.targets = targets;
  }

  /**
   * An assistant was created or changed. Observed within the transaction.
   *
   * @param before null if it was created
   */
  public record Changed(Assistant before, Assistant after) {}

  /** The assistant, empty if the project has none of this id. Costs one statement. */
  @ActivateRequestContext
  public Optional<Assistant> find(ProjectId project, AssistantId id) {
    return findRow(project, id).map(AssistantRow::toAssistant);
  }

  /** The same with the version that it has. */
  @ActivateRequestContext
  Optional<AssistantCache.Entry> findVersioned(ProjectId project, AssistantId id) {
    return findRow(project, id)
        .map(row -> new AssistantCache.Entry(row.toAssistant(), row.version, true));
  }

  private static Optional<AssistantRow> findRow(ProjectId project, AssistantId id) {
    // By its key: that is prepared once, where a query is interpreted each time.
    return AssistantRow.<AssistantRow>findByIdOptional(id.value())
        .filter(row -> row.projectId.equals(project.value()));
  }

  /** The assistant; 404 if the project has none of this id. */
  public Assistant get(ProjectId project, AssistantId id) {
    return find(project, id).orElseThrow(() -> ApiException.notFound("assistant", id));
  }

  /**
   * The memory options of assistants, which may be of several projects. Costs one statement.
   *
   * @return by the id of the assistant; those that have no options, or are not of the project that
   *     they are asked for with, are left out
   */
  @ActivateRequestContext
  public Map<AssistantId, MemoryOptions> memoryOptions(Map<AssistantId, ProjectId> wanted) {
    if (wanted.isEmpty()) {
      return Map.of();
    }
    var options = new HashMap<AssistantId, MemoryOptions>();
    var rows =
        Panache.getEntityManager()
            .createQuery(
                "select id, projectId, memory from AssistantRow"
                    + " where id in :ids and memory is not null",
                Object[].class)
            .setParameter("ids", wanted.keySet().stream().map(AssistantId::value).toList())
            .getResultList();
    for (var row : rows) {
      var id = new AssistantId((String) row[0]);
      if (wanted.get(id).value().equals(row[1])) {
        options.put(id, (MemoryOptions) row[2]);
      }
    }
    return options;
  }

  /**
   * The assistants that a project exposes as tools of its MCP server, the oldest first, at most
   * {@value #MAX_EXPOSED}.
   */
  @ActivateRequestContext
  public List<ExposedAssistant> exposedAsTools(ProjectId project) {
    return AssistantRow.find(
            "select id, name, description from AssistantRow"
                + " where projectId = ?1 and exposedMcp = true order by createdAt, id",
            project.value())
        .project(ExposedAssistant.class)
        .page(0, MAX_EXPOSED)
        .list();
  }

  /** An assistant of whatever project that shows its agent card to everybody. */
  @ActivateRequestContext
  public Optional<Assistant> withPublicCard(AssistantId id) {
    return AssistantRow.<AssistantRow>find(
            "id = ?1 and exposedA2a = true and publicCard = true", id.value())
        .firstResultOptional()
        .map(AssistantRow::toAssistant);
  }

  /** Creates an assistant, and the vector stores that are to be created along with it. */
  Assistant create(ProjectId project, CreateAssistant request) {
    var resources = request.toolResources();
    if (resources == null) {
      return create(project, request, null);
    }
    var created = resources.withStoresCreated(project, stores, null);
    var made = created == resources ? List.<String>of() : created.fileSearch().vectorStoreIds();
    try {
      var assistant = create(project, request, created);
      if (!made.isEmpty()) {
        stores.confirm(made);
      }
      return assistant;
    } catch (ApiException e) {
      // After another failure the assistant may have been stored: see
      // VectorStores#deleteUnconfirmed.
      made.forEach(id -> stores.delete(project, new VectorStoreId(id)));
      throw e;
    }
  }

  private Assistant create(
      ProjectId project, CreateAssistant request, ToolResources toolResources) {
    var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    return transaction.call(() -> persist(project, ids.assistant(), now, request, toolResources));
  }

  /** Creates an assistant that another server has had, with an id that is not in use. */
  Assistant create(ProjectId project, AssistantId id, Instant at, CreateAssistant request) {
    return transaction.call(() -> persist(project, id, at, request, request.toolResources()));
  }

  private Assistant persist(
      ProjectId project,
      AssistantId id,
      Instant createdAt,
      CreateAssistant request,
      ToolResources toolResources) {
    var row = new AssistantRow();
    row.id = id.value();
    row.projectId = project.value();
    row.createdAt = createdAt;
    row.name = request.name();
    row.description = request.description();
    row.model = request.model();
    row.instructions =
        gate.applyTo(
            "instructions", ContentSource.input(project, null, null), request.instructions());
    var tools = targets.resolve(project, null, request.tools());
    row.tools = orElse(secrets.sealAll(project, tools, List.of()), List.of());
    row.toolResources = toolResources;
    row.metadata = request.metadata() == null ? Metadata.EMPTY : request.metadata();
    row.temperature = request.temperature();
    row.topP = request.topP();
    row.responseFormat = request.responseFormat();
    row.reasoningEffort = wire(request.reasoningEffort());
    row.memory = request.memory();
    row.safety = request.safety();
    row.privacy = request.privacy();
    if (row.privacy != null) {
      requestPrivacy(project, row);
    }
    row.expose(request.exposure());
    row.turns = request.turns().orNull();
    requireReferences(project, row.tools, row.toolResources);
    row.persist();
    return changed(null, row);
  }

  /** The assistants of a project. */
  public Page<Assistant> list(ProjectId project, PageRequest request) {
    return assistantsOf(project)
        .pageBoundedBySize(request, EntityQuery.counted(AssistantRow.class), row -> row.id, SIZE)
        .map(AssistantRow::toAssistant);
  }

  /** As {@link #get}, for an answer that shows it. */
  Assistant getToShow(ProjectId project, AssistantId id) {
    return assistantsOf(project)
        .find(id.value(), EntityQuery.counted(AssistantRow.class), SIZE)
        .map(AssistantRow::toAssistant)
        .orElseThrow(() -> ApiException.notFound("assistant", id));
  }

  private static Keyset assistantsOf(ProjectId project) {
    return Keyset.of(AssistantRow.COLUMNS, "assistants").within("project_id = ?", project.value());
  }

  @Transactional
  Assistant modify(ProjectId project, AssistantId id, ModifyAssistant request) {
    var row =
        row(project, id)
            .withLock(LockModeType.PESSIMISTIC_WRITE)
            .firstResultOptional()
            .orElseThrow(() -> ApiException.notFound("assistant", id));
    var before = row.toAssistant();
    requireReferences(project, request.tools().orElse(null), request.toolResources().orElse(null));
    row.model = request.model().orElse(row.model);
    row.name = request.name().orElse(row.name);
    row.description = request.description().orElse(row.description);
    row.instructions =
        request
            .instructions()
            .map(text -> gate.applyTo("instructions", ContentSource.input(project, id, null), text))
            .orElse(row.instructions);
    if (request.tools() instanceof Field.Present<List<ToolSpec>>(var tools)) {
      var checked = targets.resolve(project, id, tools);
      row.tools = orElse(secrets.sealAll(project, checked, row.tools), List.of());
    }
    row.toolResources = request.toolResources().orElse(row.toolResources);
    row.metadata = orElse(request.metadata().orElse(row.metadata), Metadata.EMPTY);
    row.temperature = request.temperature().orElse(row.temperature);
    row.topP = request.topP().orElse(row.topP);
    row.responseFormat = request.responseFormat().orElse(row.responseFormat);
    row.reasoningEffort =
        request.reasoningEffort().map(ReasoningEffort::wire).orElse(row.reasoningEffort);
    var memory = request.memory().orElse(row.memory);
    if (!Objects.equals(memory, row.memory)) {
      row.memory = memory;
      memoryChanged.fire(new MemoryOptionsChanged(project, id, memory));
    }
    row.safety = request.safety().orElse(row.safety);
    if (request.privacy() instanceof Field.Present<PrivacyOptions>(var privacy)) {
      row.privacy = privacy;
      requestPrivacy(project, row);
    }
    if (request.exposure() instanceof Field.Present<Exposure>(var exposure)) {
      row.expose(exposure);
    }
    row.turns = request.turnsMergedWith(TurnOptions.orNone(row.turns)).orNull();
    return changed(before, row);
  }

  private Assistant changed(Assistant before, AssistantRow row) {
    var after = row.toAssistant();
    changed.fire(new Changed(before, after));
    return after;
  }

  /**
   * Adds tools to an assistant, each in place of one that has its name.
   *
   * @throws ApiException 404 if there is no such assistant; 400 if it would have too many tools
   */
  @Transactional
  public Assistant addTools(ProjectId project, AssistantId id, List<ToolSpec> added) {
    var row =
        row(project, id)
            .withLock(LockModeType.PESSIMISTIC_WRITE)
            .firstResultOptional()
            .orElseThrow(() -> ApiException.notFound("assistant", id));
    var before = row.toAssistant();
    var sealed = secrets.sealAll(project, added, row.tools);
    var names = sealed.stream().map(ToolSpec::key).collect(Collectors.toSet());
    var tools = new ArrayList<>(row.tools);
    tools.removeIf(tool -> names.contains(tool.key()));
    tools.addAll(sealed);
    row.tools = ToolSpec.validated(tools, ToolSpec.MAX_PER_ASSISTANT);
    return changed(before, row);
  }

  /** Runs that have begun go on: they hold all they need of the assistant. */
  @Transactional
  void delete(ProjectId project, AssistantId id) {
    if (AssistantRow.delete("id = ?1 AND projectId = ?2", id.value(), project.value()) == 0) {
      throw ApiException.notFound("assistant", id);
    }
    privacyRequested.fire(new PrivacyRequested(project, null));
  }

  /** The tokens of functions that the caller executes are turned back by what callers may see. */
  private void requestPrivacy(ProjectId project, AssistantRow row) {
    if (row.privacy != null && row.privacy.tools() != null) {
      for (var tool : row.tools) {
        if (tool instanceof ToolSpec.Function function
            && row.privacy.tools().containsKey(function.function().name())) {
          throw ApiException.invalid(
              "privacy.tools." + function.function().name(),
              "Invalid 'privacy.tools': '%s' is a function, which the caller executes. Use 'privacy.allowed_entities'."
                  .formatted(function.function().name()));
        }
      }
    }
    privacyRequested.fire(new PrivacyRequested(project, row.privacy));
  }

  private static PanacheQuery<AssistantRow> row(ProjectId project, AssistantId id) {
    return AssistantRow.find("id = ?1 AND projectId = ?2", id.value(), project.value());
  }

  private void requireReferences(ProjectId project, List<ToolSpec> tools, ToolResources resources) {
    if (resources != null) {
      resources.requireExisting(project, files);
    }
    for (int i = 0; tools != null && i < tools.size(); i++) {
      if (tools.get(i) instanceof ToolSpec.FileSearch search && search.vectorStoreIds() != null) {
        files.requireVectorStores(
            project, "tools[%d].vector_store_ids".formatted(i), search.vectorStoreIds());
      }
    }
  }

  private static String wire(ReasoningEffort effort) {
    return effort == null ? null : effort.wire();
  }

  private static <T> T orElse(T value, T other) {
    return value == null ? other : value;
  }

  @Override
  public void requireExisting(ProjectId project, AssistantId assistant) {
    get(project, assistant);
  }
}
