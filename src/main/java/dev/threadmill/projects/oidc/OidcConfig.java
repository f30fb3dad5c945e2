package dev.threadmill.projects.oidc;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.Optional;

/** An identity provider whose tokens admins may send in place of the admin key. */
@ConfigMapping(prefix = "threadmill.oidc")
public interface OidcConfig {
  /** THREADMILL_OIDC_ISSUER: the issuer of the tokens, an https address. None unless set. */
  Optional<String> issuer();

  /** THREADMILL_OIDC_CLIENT_ID: the audience of the tokens. Required with an issuer. */
  Optional<String> clientId();

  /**
   * THREADMILL_OIDC_ROLES_CLAIM: the claim that lists the roles of a user, with dots between the
   * names of nested claims, such as {@code realm_access.roles}.
   */
  @WithDefault("roles")
  String rolesClaim();

  /** THREADMILL_OIDC_ADMIN_ROLE: the role of admins. */
  @WithDefault("threadmill-admin")
  String adminRole();

  /**
   * THREADMILL_OIDC_READER_ROLE: the role of those who may read what admins may, but debug logs,
   * and change nothing.
   */
  @WithDefault("threadmill-reader")
  String readerRole();
}
