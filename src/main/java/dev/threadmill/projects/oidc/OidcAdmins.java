package dev.threadmill.projects.oidc;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.api.Sha256;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.text.ParseException;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * Admits admins by signed tokens of an identity provider (OpenID Connect): the issuer, the
 * audience, the times and the role have to be right. Without configuration it does nothing. Tokens
 * are verified here; the provider is asked for its keys only.
 */
@ApplicationScoped
public class OidcAdmins {
  private static final Logger LOG = Logger.getLogger(OidcAdmins.class);

  /** A signed token: three parts, of which the first is a JSON object. */
  private static final Pattern SIGNED_TOKEN =
      Pattern.compile("eyJ[A-Za-z0-9_-]{1,4000}\\.[A-Za-z0-9_-]{1,60000}\\.[A-Za-z0-9_-]{1,4000}");

  /** Never one with a shared secret, nor {@code none}. */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  private static final int LONGEST_EMAIL = 320;
  private static final long RETRY_SECONDS = 5;

  private final OidcConfig config;
  private final OidcKeys keys;
  private final InstantSource clock;
  private final DefaultJWTProcessor<SecurityContext> processor;

  OidcAdmins(OidcConfig config, OidcKeys keys, InstantSource clock) {
    this.config = config;
    this.keys = keys;
    this.clock = clock;
    this.processor = config.issuer().isPresent() ? processor() : null;
  }

  /**
   * Checks the settings.
   *
   * @throws InvalidSettingException if one is wrong or missing
   */
  public static void requireUsable(OidcConfig config) {
    if (config.issuer().isEmpty()) {
      return;
    }
    var issuer = config.issuer().get();
    if (!isAddress(issuer)) {
      throw new InvalidSettingException(
          "THREADMILL_OIDC_ISSUER", issuer, "is not the https address of an issuer");
    }
    if (config.clientId().isEmpty()) {
      throw new InvalidSettingException("THREADMILL_OIDC_CLIENT_ID", "is not set");
    }
  }

  private static boolean isAddress(String issuer) {
    try {
      var uri = URI.create(issuer);
      boolean isLocal = "localhost".equals(uri.getHost()) || "127.0.0.1".equals(uri.getHost());
      return uri.getHost() != null
          && ("https".equals(uri.getScheme()) || (isLocal && "http".equals(uri.getScheme())));
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  /** Whether this is a token of the provider, and no key. */
  public boolean issues(String secret) {
    return processor != null && SIGNED_TOKEN.matcher(secret).matches();
  }

  /**
   * The admin that the token names.
   *
   * @throws ApiException 401 if the token is not valid, 403 if it names no admin, 503 if the keys
   *     of the provider cannot be read
   */
  public OidcAdmin admit(String token) {
    var claims = verified(token);
    var roles = roles(claims);
    boolean isAdmin = roles.contains(config.adminRole());
    if (!isAdmin && !roles.contains(config.readerRole())) {
      throw ApiException.forbidden(
          "This user is no admin: the claim '%s' has neither the role '%s' nor '%s'."
              .formatted(config.rolesClaim(), config.adminRole(), config.readerRole()));
    }
    var subject = claims.getSubject();
    return new OidcAdmin(
        OidcAdmin.id(Sha256.hex(claims.getIssuer() + "\n" + subject), !isAdmin),
        subject,
        email(claims),
        claims.getExpirationTime().toInstant());
  }

  private JWTClaimsSet verified(String token) {
    try {
      return processor.process(token, null);
    } catch (KeySourceException e) {
      LOG.warnf("keys of the identity provider not read cause=%s", e.getMessage());
      throw ApiException.unavailable(
          "The keys of the identity provider cannot be read.", RETRY_SECONDS);
    } catch (ParseException | BadJOSEException | JOSEException e) {
      LOG.debugf("token refused cause=%s", e.getMessage());
      throw ApiException.unauthorized("The token is not valid, or has expired.");
    }
  }

  private DefaultJWTProcessor<SecurityContext> processor() {
    var made = new DefaultJWTProcessor<SecurityContext>();
    made.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    made.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, keys));
    made.setJWTClaimsSetVerifier(
        new DefaultJWTClaimsVerifier<>(
            config.clientId().orElse(""),
            new JWTClaimsSet.Builder().issuer(config.issuer().orElse("")).build(),
            Set.of("sub", "exp")) {
          @Override
          protected Date currentTime() {
            return Date.from(clock.instant());
          }
        });
    return made;
  }

  private Collection<?> roles(JWTClaimsSet claims) {
    Object value = claims.toJSONObject();
    for (var name : config.rolesClaim().split("\\.")) {
      value = value instanceof Map<?, ?> object ? object.get(name) : null;
    }
    return switch (value) {
      case Collection<?> roles -> roles;
      case String role -> List.of(role.split(" "));
      case null, default -> Set.of();
    };
  }

  private static String email(JWTClaimsSet claims) {
    return Optional.ofNullable(claims.getClaim("email"))
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .filter(text -> text.length() <= LONGEST_EMAIL)
        .orElse(null);
  }
}
