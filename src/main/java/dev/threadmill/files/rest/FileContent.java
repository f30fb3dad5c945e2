package dev.threadmill.files.rest;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * The response with the content of a file, or a range of it.
 *
 * @param from the first byte
 * @param length how many
 * @param isRange whether the client asked for a range
 */
public record FileContent(
    Files files, StoredFile file, boolean isUnchanged, long from, long length, boolean isRange) {
  private static final Logger LOG = Logger.getLogger(FileContent.class);
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");
  private static final int NOT_SATISFIABLE = 416;
  private static final int BUFFER = 64 * 1024;

  /**
   * What these headers ask for. More ranges than one are answered with the whole content.
   *
   * @throws ApiException 416 if the range is beyond the content
   */
  static FileContent of(Files files, StoredFile file, HttpHeaders headers) {
    var whole = new FileContent(files, file, false, 0, file.bytes(), false);
    var known = headers.getHeaderString(HttpHeaders.IF_NONE_MATCH);
    if (known != null && matches(known, whole.entityTag())) {
      return new FileContent(files, file, true, 0, file.bytes(), false);
    }
    var condition = headers.getHeaderString("If-Range");
    if (condition != null && !condition.strip().equals(whole.entityTag())) {
      return whole;
    }
    var range = headers.getHeaderString("Range");
    return range == null ? whole : whole.ranged(range.replaceAll("\\s", ""));
  }

  /** The response to a request with these headers, also if it asks for a range beyond the end. */
  public static Response answer(Files files, StoredFile file, HttpHeaders headers) {
    try {
      return of(files, file, headers).get();
    } catch (UnsatisfiableRangeException e) {
      return e.answer();
    }
  }

  private static boolean matches(String header, String tag) {
    return Arrays.stream(header.split(","))
        .map(String::strip)
        .map(each -> each.startsWith("W/") ? each.substring(2) : each)
        .anyMatch(each -> each.equals("*") || each.equals(tag));
  }

  private String entityTag() {
    return "\"" + file.sha256() + "\"";
  }

  private FileContent ranged(String header) {
    var range = RANGE.matcher(header);
    if (!range.matches() || range.group(1).isEmpty() && range.group(2).isEmpty()) {
      return this;
    }
    long bytes = file.bytes();
    long first;
    long last;
    if (range.group(1).isEmpty()) {
      long suffix = Long.parseLong(range.group(2));
      first = Math.max(0, bytes - suffix);
      last = suffix == 0 ? -1 : bytes - 1;
    } else {
      first = Long.parseLong(range.group(1));
      last = range.group(2).isEmpty() ? bytes - 1 : Long.parseLong(range.group(2));
      if (last < first && !range.group(2).isEmpty()) {
        return this;
      }
    }
    if (first >= bytes || last < first) {
      throw new UnsatisfiableRangeException(bytes);
    }
    return new FileContent(files, file, false, first, Math.min(last, bytes - 1) - first + 1, true);
  }

  /** 416 with the length that there is. */
  static final class UnsatisfiableRangeException extends ApiException {
    private final long bytes;

    UnsatisfiableRangeException(long bytes) {
      super(
          NOT_SATISFIABLE,
          new ApiError(
              "The range is beyond the content, which has %d bytes.".formatted(bytes),
              ApiError.INVALID_REQUEST,
              "Range",
              "invalid_range"));
      this.bytes = bytes;
    }

    Response answer() {
      return Response.status(NOT_SATISFIABLE)
          .type(MediaType.APPLICATION_JSON_TYPE)
          .header("Content-Range", "bytes */" + bytes)
          .entity(error().inEnvelope())
          .build();
    }
  }

  Response get() {
    var response = described();
    if (!isUnchanged) {
      response.entity(
          (StreamingOutput)
              out -> {
                try (var in = files.open(file, from, length)) {
                  var buffer = new byte[BUFFER];
                  for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    out.write(buffer, 0, read);
                  }
                } catch (IOException e) {
                  LOG.debugf("content not sent file_id=%s cause=%s", file.id(), e);
                  throw e;
                }
              });
    }
    return response.build();
  }

  Response head() {
    return described().build();
  }

  /** Content that a browser shows must not act in the name of this server. */
  private Response.ResponseBuilder described() {
    var response =
        Response.status(isUnchanged ? 304 : isRange ? 206 : 200)
            .header(HttpHeaders.ETAG, entityTag())
            .header(HttpHeaders.CACHE_CONTROL, "private, no-cache")
            .header("Accept-Ranges", "bytes")
            .header("X-Content-Type-Options", "nosniff")
            .header("Content-Security-Policy", "sandbox; default-src 'none'");
    if (isUnchanged) {
      return response;
    }
    response
        .header(HttpHeaders.CONTENT_TYPE, file.contentType())
        .header(HttpHeaders.CONTENT_LENGTH, length)
        .header(HttpHeaders.CONTENT_DISPOSITION, disposition(file.filename()));
    if (isRange) {
      response.header(
          "Content-Range", "bytes %d-%d/%d".formatted(from, from + length - 1, file.bytes()));
    }
    return response;
  }

  /** As in RFC 6266: a name in ASCII for old clients, and the whole one in UTF-8. */
  static String disposition(String filename) {
    var ascii = filename.replaceAll("[^ !#-\\[\\]-~]", "_");
    var encoded = URLEncoder.encode(filename, StandardCharsets.UTF_8).replace("+", "%20");
    return ascii.equals(filename)
        ? "attachment; filename=\"%s\"".formatted(ascii)
        : "attachment; filename=\"%s\"; filename*=UTF-8''%s"
            .formatted(ascii, encoded.replace("*", "%2A"));
  }
}
