package dev.threadmill.projects;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What an API key may do in its project. Each operation of the API needs one of them. */
@Schema(name = "KeyScope")
public enum Scope {
  /** Reads what there is, and follows streams. */
  READ,
  /** Works with threads, messages, runs, responses, files and models. */
  RUN,
  /** Changes what runs depend on: assistants, vector stores, webhooks, retention. */
  MANAGE,
  /** Administers the project: its keys, their limits, and the audit log. Includes the others. */
  ADMIN;

  /** What a key may do that is created without scopes. */
  public static final Set<Scope> OF_NEW_KEYS = Set.copyOf(EnumSet.complementOf(EnumSet.of(ADMIN)));

  /** What an admin key and an admin of an identity provider may do. */
  static final Set<Scope> ALL = Set.copyOf(EnumSet.allOf(Scope.class));

  /** The scopes of these names. */
  public static Set<Scope> parse(Collection<String> names) {
    var scopes = EnumSet.noneOf(Scope.class);
    names.forEach(name -> scopes.add(valueOf(name.toUpperCase(Locale.ROOT))));
    return scopes;
  }

  /** The name on the wire and in the database. */
  @JsonValue
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
