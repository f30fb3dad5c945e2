package dev.threadmill.privacy.detect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Finds personal data by its form, its check digits, its numbering plan, and its context. */
public final class PersonalData {
  /** How many characters before a finding can say what it is. */
  public static final int CONTEXT = 64;

  /** The most characters of a finding that has spaces. */
  public static final int LONGEST = 96;

  private static final List<Detector> DETECTORS =
      List.of(
          new SecretDetector(),
          new EmailDetector(),
          new IbanDetector(),
          new NumberDetector(),
          new LetteredIdDetector(),
          new BirthDateDetector(),
          new IpDetector(),
          new AddressDetector(),
          new NameDetector(),
          new CustomerIdDetector());

  private static final Pattern ESCAPE = Pattern.compile("\\\\[nrt]");

  private PersonalData() {}

  /**
   * The personal data of these kinds in the text, in the order of the text and without overlaps.
   * Tokens that stand for personal data are none.
   */
  public static List<Finding> find(String text, Set<EntityKind> kinds) {
    return find(text, kinds, List.of());
  }

  /**
   * As {@link #find(String, Set)}, together with what others have found.
   *
   * @param more findings in this text, which may overlap
   */
  public static List<Finding> find(String text, Set<EntityKind> kinds, List<Finding> more) {
    var all = new ArrayList<Finding>();
    detect(text, kinds, all::add);
    var decoded = DecodedText.of(text);
    if (decoded != null) {
      detect(decoded.text(), kinds, finding -> all.add(decoded.inOriginal(finding)));
    }
    for (var finding : more) {
      if (kinds.contains(finding.kind())) {
        all.add(finding);
      }
    }
    return all.isEmpty() ? List.of() : withoutOverlaps(text, all);
  }

  /** A value without its encodings, as a reader would see it. */
  public static String plain(String value) {
    return DecodedText.plain(value);
  }

  private static void detect(String text, Set<EntityKind> kinds, Consumer<Finding> findings) {
    var plain = withoutEscapes(text);
    for (var detector : DETECTORS) {
      detector.find(
          plain,
          finding -> {
            if (kinds.contains(finding.kind())) {
              findings.accept(finding);
            }
          });
    }
  }

  /**
   * The text with spaces in place of line breaks and tabs that are escaped as in JSON, of the same
   * length: their letters would be read as part of the next word.
   */
  private static String withoutEscapes(String text) {
    return text.indexOf('\\') < 0 ? text : ESCAPE.matcher(text).replaceAll("  ");
  }

  private static List<Finding> withoutOverlaps(String text, List<Finding> all) {
    all.sort(
        Comparator.comparing(Finding::kind)
            .thenComparing(finding -> finding.start() - finding.end())
            .thenComparing(Finding::start));
    var tokens = Token.spans(text);
    var kept = new TreeMap<Integer, Finding>();
    for (var finding : all) {
      if (isFree(kept, finding) && isFree(tokens, finding)) {
        kept.put(finding.start(), finding);
      }
    }
    return List.copyOf(kept.values());
  }

  private static boolean isFree(TreeMap<Integer, Finding> taken, Finding finding) {
    Map.Entry<Integer, Finding> before = taken.lowerEntry(finding.end());
    return before == null || !before.getValue().overlaps(finding);
  }
}
