package dev.threadmill.projects.keys;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Field;
import dev.threadmill.projects.Scope;
import java.util.List;

/**
 * The body of {@code POST /v1/projects/{project_id}/api_keys/{key_id}}. What is left out stays as
 * it is.
 */
record ModifyApiKey(
    Field<String> name,
    Field<List<Scope>> scopes,
    Field<Long> expiresAt,
    Field<List<String>> allowedAddresses) {
  ModifyApiKey {
    Bounds.text("name", name.orElse(null), CreateApiKey.MAX_NAME);
    if (scopes instanceof Field.Present<List<Scope>>(var value) && value == null) {
      throw ApiException.invalid("scopes", "Invalid 'scopes': expected at least one.");
    }
    scopes = scopes.map(CreateApiKey::checkedScopes);
    allowedAddresses = allowedAddresses.map(CreateApiKey::checkedAddresses);
  }
}
