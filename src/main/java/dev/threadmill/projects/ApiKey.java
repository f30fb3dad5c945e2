package dev.threadmill.projects;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A row of {@code api_keys}. A key without a project is an admin key. */
@Entity
@Table(name = "api_keys")
public class ApiKey extends PanacheEntityBase {
  @Id public String id;

  @Column(name = "project_id")
  public String projectId;

  public String name;

  @Column(name = "secret_hash")
  public byte[] secretHash;

  public String hint;

  @Column(name = "created_at")
  public Instant createdAt;

  /** Null for {@link Scope#OF_NEW_KEYS}. */
  public String[] scopes;

  @Column(name = "expires_at")
  public Instant expiresAt;

  @Column(name = "allowed_addresses")
  public String[] allowedAddresses;

  @Column(name = "last_used_at", insertable = false, updatable = false)
  public Instant lastUsedAt;

  @Column(name = "previous_secret_hash")
  public byte[] previousSecretHash;

  @Column(name = "previous_until")
  public Instant previousUntil;
}
