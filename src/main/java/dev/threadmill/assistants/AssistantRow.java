package dev.threadmill.assistants;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.projects.PrivacyOptions;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

/** The row of an {@link Assistant}. */
@Entity
@Table(name = "assistants")
class AssistantRow extends PanacheEntityBase {
  static final String COLUMNS =
      """
      id, project_id, created_at, name, description, model, instructions, tools, tool_resources,
      metadata, temperature, top_p, response_format, reasoning_effort, memory, safety, privacy,
      exposed_mcp, exposed_a2a, public_card, turns, version""";

  @Id public String id;

  @Column(name = "project_id")
  public String projectId;

  @Column(name = "created_at")
  public Instant createdAt;

  public String name;
  public String description;
  public String model;
  public String instructions;

  @JdbcTypeCode(SqlTypes.JSON)
  public List<ToolSpec> tools;

  @Column(name = "tool_resources")
  @JdbcTypeCode(SqlTypes.JSON)
  public ToolResources toolResources;

  @JdbcTypeCode(SqlTypes.JSON)
  public Metadata metadata;

  public Double temperature;

  @Column(name = "top_p")
  public Double topP;

  @Column(name = "response_format")
  @JdbcTypeCode(SqlTypes.JSON)
  public ResponseFormat responseFormat;

  @Column(name = "reasoning_effort")
  public String reasoningEffort;

  @JdbcTypeCode(SqlTypes.JSON)
  public MemoryOptions memory;

  @JdbcTypeCode(SqlTypes.JSON)
  public SafetyOptions safety;

  @JdbcTypeCode(SqlTypes.JSON)
  public PrivacyOptions privacy;

  @JdbcTypeCode(SqlTypes.JSON)
  public TurnOptions turns;

  @Column(name = "exposed_mcp")
  public boolean exposedMcp;

  @Column(name = "exposed_a2a")
  public boolean exposedA2a;

  @Column(name = "public_card")
  public boolean publicCard;

  /** How often the row was changed, counted by the database. */
  @Column(insertable = false, updatable = false)
  public long version;

  void expose(Exposure exposure) {
    var wanted = exposure == null ? Exposure.NONE : exposure;
    exposedMcp = wanted.mcp();
    exposedA2a = wanted.a2a();
    publicCard = wanted.publicCard();
  }

  Assistant toAssistant() {
    return new Assistant(
        new AssistantId(id),
        new ProjectId(projectId),
        createdAt,
        name,
        description,
        model,
        instructions,
        tools,
        toolResources,
        metadata,
        temperature,
        topP,
        responseFormat == null ? ResponseFormat.AUTO : responseFormat,
        reasoningEffort == null
            ? null
            : ReasoningEffort.valueOf(reasoningEffort.toUpperCase(Locale.ROOT)),
        memory,
        safety,
        privacy,
        new Exposure(exposedMcp, exposedA2a, publicCard),
        TurnOptions.orNone(turns));
  }
}
