package dev.threadmill.projects;

import dev.threadmill.api.Metadata;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

/** The row of a project: what belongs together, and is invisible to all other projects. */
@Entity
@Table(name = "projects")
public class Project extends PanacheEntityBase {
  /** The status of a project that is in use. */
  public static final String ACTIVE = "active";

  static final String ARCHIVED = "archived";

  @Id public String id;

  public String name;
  public String description;

  @Column(name = "assistant_type")
  public String assistantType;

  public String region;

  @Column(name = "strict_region")
  public boolean strictRegion;

  @Column(name = "private_path")
  public String privatePath;

  @JdbcTypeCode(SqlTypes.JSON)
  public PrivacyOptions privacy;

  public String status;

  @JdbcTypeCode(SqlTypes.JSON)
  public Metadata metadata;

  @Column(name = "created_at")
  public Instant createdAt;
}
