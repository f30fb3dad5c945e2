package dev.threadmill.api;

import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;

/**
 * Generates ids: the prefix of the kind, eight characters of milliseconds and sixteen random ones,
 * in an alphabet that is ordered like bytes, so that ids sort by the time of their creation.
 */
@ApplicationScoped
public class Ids {
  private static final char[] ALPHABET =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".toCharArray();
  private static final int TIME_LENGTH = 8;
  private static final int RANDOM_LENGTH = 16;
  private static final int LONGEST_REST = 120;

  private static final Instant EARLIEST = Instant.parse("2025-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("2125-01-01T00:00:00Z");

  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();

  public Ids(InstantSource clock) {
    this.clock = clock;
  }

  public ProjectId project() {
    return new ProjectId(next(ProjectId.PREFIX));
  }

  public ApiKeyId apiKey() {
    return new ApiKeyId(next(ApiKeyId.PREFIX));
  }

  public AssistantId assistant() {
    return new AssistantId(next(AssistantId.PREFIX));
  }

  public ThreadId thread() {
    return new ThreadId(next(ThreadId.PREFIX));
  }

  public MessageId message() {
    return new MessageId(next(MessageId.PREFIX));
  }

  public RunId run() {
    return new RunId(next(RunId.PREFIX));
  }

  public ToolCallId toolCall() {
    return new ToolCallId(next(ToolCallId.PREFIX));
  }

  public FileId file() {
    return new FileId(next(FileId.PREFIX));
  }

  public UploadId upload() {
    return new UploadId(next(UploadId.PREFIX));
  }

  /**
   * The id of a message with another time than now, so that a list can be continued from it even
   * after the message is deleted.
   */
  public MessageId messageAt(Instant time) {
    return new MessageId(next(MessageId.PREFIX, time.toEpochMilli()));
  }

  /** A new id with this prefix, for kinds without a record of their own. */
  public String next(String prefix) {
    return next(prefix, clock.millis());
  }

  private String next(String prefix, long millis) {
    var id = new StringBuilder(prefix.length() + TIME_LENGTH + RANDOM_LENGTH).append(prefix);
    appendTime(id, millis);
    var bytes = new byte[RANDOM_LENGTH];
    random.nextBytes(bytes);
    for (byte b : bytes) {
      id.append(ALPHABET[Math.floorMod(b, ALPHABET.length)]);
    }
    var value = id.toString();
    IdempotencyContext.note(prefix, value);
    return value;
  }

  /**
   * The id that every node derives alike from a parent id and a place below it, so that a node that
   * takes over a run names steps and messages as the node before did.
   */
  public static String derive(String prefix, Id parent, String place) {
    var parentValue = parent.value();
    var rest = parentValue.substring(prefixLength(parentValue));
    var id = new StringBuilder(prefix);
    id.append(rest, 0, Math.min(TIME_LENGTH, rest.length()));
    byte[] digest =
        Sha256.of((parentValue + "/" + prefix + "/" + place).getBytes(StandardCharsets.UTF_8));
    for (int i = 0; i < RANDOM_LENGTH; i++) {
      id.append(ALPHABET[Math.floorMod(digest[i], ALPHABET.length)]);
    }
    return id.toString();
  }

  /** When an id of this server was generated, to the millisecond; empty for imported ids. */
  public static Optional<Instant> timeOf(String id) {
    var rest = id.substring(prefixLength(id));
    if (rest.length() != TIME_LENGTH + RANDOM_LENGTH) {
      return Optional.empty();
    }
    long millis = 0;
    for (int i = 0; i < TIME_LENGTH; i++) {
      int digit = Arrays.binarySearch(ALPHABET, rest.charAt(i));
      if (digit < 0) {
        return Optional.empty();
      }
      millis = millis * ALPHABET.length + digit;
    }
    var time = Instant.ofEpochMilli(millis);
    return time.isBefore(EARLIEST) || time.isAfter(LATEST) ? Optional.empty() : Optional.of(time);
  }

  /** A prefix ends with the first underscore, or the first dash as that of files. */
  private static int prefixLength(String id) {
    for (int i = 0; i < id.length(); i++) {
      if (id.charAt(i) == '_' || id.charAt(i) == '-') {
        return i + 1;
      }
    }
    return 0;
  }

  /** Not a regular expression, since every id of every row is checked. */
  private static boolean isRest(String id, int from) {
    int length = id.length() - from;
    if (length < 1 || length > LONGEST_REST) {
      return false;
    }
    for (int i = from; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && (c < '0' || c > '9') && c != '_' && c != '-') {
        return false;
      }
    }
    return true;
  }

  static void check(String prefix, String param, String value) {
    if (value == null || !value.startsWith(prefix)) {
      throw ApiException.invalid(
          param,
          "invalid_value",
          "Invalid '%s': '%s'. Expected an ID that begins with '%s'."
              .formatted(param, shown(value), prefix.substring(0, prefix.length() - 1)));
    }
    if (!isRest(value, prefix.length())) {
      throw ApiException.invalid(
          param,
          "invalid_value",
          "Invalid '%s': '%s'. Expected an ID that contains letters, numbers, underscores, or dashes."
              .formatted(param, shown(value)));
    }
  }

  private static String shown(String value) {
    if (value == null) {
      return "null";
    }
    return value.length() <= 80 ? value : value.substring(0, 80) + "…";
  }

  private static void appendTime(StringBuilder id, long millis) {
    var digits = new char[TIME_LENGTH];
    for (int i = TIME_LENGTH - 1; i >= 0; i--) {
      digits[i] = ALPHABET[(int) (millis % ALPHABET.length)];
      millis /= ALPHABET.length;
    }
    id.append(digits);
  }
}
