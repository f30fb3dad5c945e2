package dev.threadmill.console;

import dev.threadmill.api.Sha256;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

/**
 * Serves the console under {@code /console} from the resources of the server. A path without an
 * ending is a page, and all pages are one file, which reads the path itself. The other files are
 * named by their content, so browsers keep them for ever. A browser that opens the root of the
 * server is sent to the console.
 */
@ApplicationScoped
class ConsolePages {
  private static final String CONSOLE = "/console";
  private static final int AFTER_VERSION_ALIASES = 830;

  /** Every script and style is a file of this server, and a script may not write HTML. */
  static final String CONTENT_POLICY =
      "default-src 'self'; script-src 'self'; object-src 'none'; frame-ancestors 'none';"
          + " base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'";

  private static final Pattern ASSET = Pattern.compile("assets/[A-Za-z0-9_-]+\\.[A-Za-z0-9_.-]+");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml");

  private final Map<String, Asset> assets = new ConcurrentHashMap<>();
  private final ConsoleConfig config;

  ConsolePages(ConsoleConfig config) {
    this.config = config;
  }

  private record Asset(String type, Buffer plain, Buffer gzip, String tag) {}

  void onEveryRequest(@Observes Filters filters) {
    if (config.enabled()) {
      filters.register(this::serve, AFTER_VERSION_ALIASES);
    }
  }

  private void serve(RoutingContext context) {
    var request = context.request();
    var path = request.path();
    boolean isConsole = path != null && (path.equals(CONSOLE) || path.startsWith(CONSOLE + "/"));
    boolean isRead = request.method() == HttpMethod.GET || request.method() == HttpMethod.HEAD;
    boolean isStart = isRead && "/".equals(path) && isBrowser(request);
    if (!isStart && (!isConsole || !isRead)) {
      context.next();
      return;
    }
    if (isStart || path.equals(CONSOLE)) {
      // Relative, so that it holds below a sub-path of a reverse proxy.
      context.response().setStatusCode(302).putHeader(HttpHeaders.LOCATION, "console/").end();
      return;
    }
    var name = path.substring(CONSOLE.length() + 1);
    boolean isAsset = ASSET.matcher(name).matches();
    var found = asset(isAsset ? name : "index.html");
    if (found.isEmpty()) {
      context.next();
      return;
    }
    protect(context);
    context
        .response()
        .putHeader(
            HttpHeaders.CACHE_CONTROL,
            isAsset ? "public, max-age=31536000, immutable" : "no-cache");
    send(context, found.get());
  }

  /** Clients of the API do not ask for HTML; they are told where the API is. */
  private static boolean isBrowser(HttpServerRequest request) {
    var accepted = request.getHeader(HttpHeaders.ACCEPT);
    return accepted != null && accepted.contains("text/html");
  }

  private static void protect(RoutingContext context) {
    context
        .response()
        .putHeader("Content-Security-Policy", CONTENT_POLICY)
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("X-Frame-Options", "DENY")
        .putHeader("Referrer-Policy", "no-referrer")
        .putHeader("Cross-Origin-Opener-Policy", "same-origin")
        .putHeader("Cross-Origin-Resource-Policy", "same-origin");
  }

  private static void send(RoutingContext context, Asset asset) {
    var request = context.request();
    var response =
        context
            .response()
            .putHeader(HttpHeaders.ETAG, asset.tag())
            .putHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
    if (asset.tag().equals(request.getHeader(HttpHeaders.IF_NONE_MATCH))) {
      response.setStatusCode(304).end();
      return;
    }
    boolean isCompressed = takesGzip(request);
    var body = isCompressed ? asset.gzip() : asset.plain();
    response.putHeader(HttpHeaders.CONTENT_TYPE, asset.type());
    if (isCompressed) {
      response.putHeader(HttpHeaders.CONTENT_ENCODING, "gzip");
    }
    if (request.method() == HttpMethod.HEAD) {
      response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length())).end();
    } else {
      response.end(body);
    }
  }

  private static boolean takesGzip(HttpServerRequest request) {
    var accepted = request.getHeader(HttpHeaders.ACCEPT_ENCODING);
    return accepted != null && accepted.contains("gzip") && !accepted.contains("gzip;q=0");
  }

  /**
   * A file of the console. Only files that exist are kept, so their number is that of the build.
   */
  private Optional<Asset> asset(String name) {
    var known = assets.get(name);
    if (known != null) {
      return Optional.of(known);
    }
    var read = read(name);
    read.ifPresent(asset -> assets.put(name, asset));
    return read;
  }

  private static Optional<Asset> read(String name) {
    var type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    if (type == null) {
      return Optional.empty();
    }
    try (var file = ConsolePages.class.getResourceAsStream("/console/" + name)) {
      if (file == null) {
        return Optional.empty();
      }
      var bytes = file.readAllBytes();
      var tag = "\"" + HexFormat.of().formatHex(Sha256.of(bytes), 0, 8) + "\"";
      return Optional.of(new Asset(type, Buffer.buffer(bytes), compressed(bytes), tag));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Buffer compressed(byte[] bytes) throws IOException {
    var compressed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(compressed)) {
      gzip.write(bytes);
    }
    return Buffer.buffer(compressed.toByteArray());
  }
}
