package dev.threadmill.files.rest;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.Blobs;
import dev.threadmill.files.ReceivedContent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.HttpHeaders;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.apache.commons.fileupload.FileItemStream;
import org.apache.commons.fileupload.FileUpload;
import org.apache.commons.fileupload.FileUploadBase;
import org.apache.commons.fileupload.FileUploadException;
import org.apache.commons.fileupload.InvalidFileNameException;
import org.apache.commons.fileupload.MultipartStream;
import org.apache.commons.fileupload.UploadContext;

/**
 * Receives a {@code multipart/form-data} body with one file, which goes to the disk while it
 * arrives. Its length is checked before anything is read, if the client says it, and while it is
 * read.
 */
@ApplicationScoped
public class ReceiveForm {
  /** For the boundaries, the heads of the parts and the fields. */
  private static final int MAX_OVERHEAD = 256 * 1024;

  private static final int MAX_FIELD = 16 * 1024;
  private static final int MAX_PARTS = 16;
  private static final int MAX_PART_HEAD = 16 * 1024;

  /** How many forms a node receives at the same time; each has a file, a thread and a buffer. */
  private static final int MAX_CONCURRENT = 256;

  private final Semaphore receiving = new Semaphore(MAX_CONCURRENT);
  private final Blobs blobs;

  ReceiveForm(Blobs blobs) {
    this.blobs = blobs;
  }

  /**
   * A request with a form.
   *
   * @param fileField the name of the field with the file
   * @param fields the names of the other fields
   * @param maxBytes the most bytes of the file
   */
  public record FormRequest(
      ProjectId project,
      HttpHeaders headers,
      InputStream body,
      String fileField,
      Set<String> fields,
      long maxBytes) {
    private long length() {
      var length = headers.getHeaderString(HttpHeaders.CONTENT_LENGTH);
      try {
        return length == null ? -1 : Long.parseLong(length);
      } catch (NumberFormatException e) {
        return -1;
      }
    }
  }

  /**
   * Receives the form.
   *
   * @return to be closed
   * @throws ApiException 400 if it is none, or has other fields than these; 413 if the file is too
   *     large; 408 if it arrives too slowly; 429 if the project has no space for it
   */
  public ReceivedForm receive(FormRequest request) throws IOException {
    long length = request.length();
    if (length > request.maxBytes() + MAX_OVERHEAD) {
      throw Blobs.tooLarge(request.maxBytes());
    }
    if (!receiving.tryAcquire()) {
      throw ApiException.unavailable("The server is receiving too many files.", 5);
    }
    try {
      return read(request, length);
    } catch (FileUploadException
        | FileUploadBase.FileUploadIOException
        | MultipartStream.MalformedStreamException e) {
      throw invalid(e);
    } finally {
      receiving.release();
    }
  }

  /** Reads the parts as they arrive: fields may be before and after the file. */
  private ReceivedForm read(FormRequest request, long length)
      throws IOException, FileUploadException {
    var upload = new FileUpload();
    upload.setHeaderEncoding(StandardCharsets.UTF_8.name());
    upload.setFileCountMax(MAX_PARTS);
    upload.setPartHeaderSizeMax(MAX_PART_HEAD);
    var body = new TimedBody(request.body(), request.maxBytes() + MAX_OVERHEAD);
    var parts = upload.getItemIterator(new Context(request, body, length));
    var fields = new HashMap<String, String>();
    ReceivedForm file = null;
    try {
      for (int i = 0; parts.hasNext(); i++) {
        if (i == MAX_PARTS) {
          throw ApiException.invalid(null, "Invalid body: too many fields.");
        }
        var part = parts.next();
        var name = part.getFieldName();
        if (request.fileField().equals(name) && file == null) {
          var content = content(request, part, length);
          file = new ReceivedForm(content, filename(part), part.getContentType(), fields);
        } else if (request.fields().contains(name) && !fields.containsKey(name)) {
          fields.put(name, text(name, part));
        } else {
          throw unexpected(name, request);
        }
      }
      if (file == null) {
        throw ApiException.missing(request.fileField());
      }
      return new ReceivedForm(file.content(), file.filename(), file.contentType(), fields);
    } catch (IOException | RuntimeException | FileUploadException e) {
      if (file != null) {
        file.close();
      }
      throw e;
    }
  }

  private ReceivedContent content(FormRequest request, FileItemStream part, long length)
      throws IOException {
    try (var content = part.openStream()) {
      // The length of the body is a little more than that of the file.
      long expected = Math.clamp(length - MAX_OVERHEAD, 0, request.maxBytes());
      return blobs.receive(request.project(), content, expected, request.maxBytes());
    }
  }

  private static String filename(FileItemStream part) {
    try {
      return part.getName();
    } catch (InvalidFileNameException e) {
      return e.getName();
    }
  }

  private static String text(String name, FileItemStream part) throws IOException {
    try (var in = part.openStream()) {
      var bytes = in.readNBytes(MAX_FIELD + 1);
      if (bytes.length > MAX_FIELD) {
        throw ApiException.invalid(
            name,
            "string_above_max_length",
            "Invalid '%s': string too long. Expected at most %d bytes.".formatted(name, MAX_FIELD));
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  private static ApiException unexpected(String name, FormRequest request) {
    if (request.fileField().equals(name) || request.fields().contains(name)) {
      return ApiException.invalid(name, "Invalid '%s': given more than once.".formatted(name));
    }
    var shown = name == null ? "" : name.length() <= 80 ? name : name.substring(0, 80) + "…";
    return ApiException.invalid(
        shown, "unknown_parameter", "Unknown parameter: '%s'.".formatted(shown));
  }

  private static ApiException invalid(Exception e) throws IOException {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case ApiException own -> throw own;
        case FileUploadBase.FileUploadIOException _,
            MultipartStream.MalformedStreamException _,
            FileUploadException _ -> {}
        case IOException broken -> throw broken;
        default -> {}
      }
    }
    return ApiException.invalid(
        null,
        "invalid_multipart_form_data",
        "We could not parse the multipart form of your request.");
  }

  /** What the parser needs to know of the request. */
  private record Context(FormRequest request, InputStream body, long length)
      implements UploadContext {
    @Override
    public String getCharacterEncoding() {
      return StandardCharsets.UTF_8.name();
    }

    @Override
    public String getContentType() {
      return request.headers().getHeaderString(HttpHeaders.CONTENT_TYPE);
    }

    @Override
    @Deprecated
    public int getContentLength() {
      return -1;
    }

    @Override
    public long contentLength() {
      return length;
    }

    @Override
    public InputStream getInputStream() {
      return body;
    }
  }

  /** 408 for a body that arrives too slowly. */
  static ApiException tooSlow() {
    return new ApiException(
        408,
        new ApiError(
            "The body arrived too slowly.", ApiError.INVALID_REQUEST, null, "request_timeout"));
  }
}
