package dev.threadmill.privacy.detect;

import java.util.function.Consumer;
import java.util.regex.Pattern;

/** IPv4 and IPv6 addresses, without those that every machine has, and without version numbers. */
final class IpDetector implements Detector {
  private static final Pattern V4 =
      Pattern.compile(
          "(?<!"
              + Boundary.IN_WORD
              + "|\\.)(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})(?!"
              + Boundary.IN_WORD
              + "|\\.\\d)");

  private static final Pattern V6 =
      Pattern.compile(
          "(?<!"
              + Boundary.IN_WORD
              + "|[:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:[0-9a-fA-F]{1,4}|(?:\\d{1,3}\\.){3}\\d{1,3})?(?!"
              + Boundary.IN_WORD
              + "|:)");

  private static final Pattern VERSION_BEFORE =
      Pattern.compile(
          "(?i)(?:\\bv|version|versión|versione|wersja|versão|версия|sürüm|バージョン|版本|release|build|chapter|section|kapitel|clause|§)[\\s.:]{0,2}$");

  private static final int OCTET = 255;
  private static final int V6_GROUPS = 8;

  @Override
  public void find(String text, Consumer<Finding> findings) {
    var v4 = V4.matcher(text);
    while (v4.find()) {
      if (isV4(v4.group(1), v4.group(2), v4.group(3), v4.group(4))
          && !isVersion(text, v4.start())) {
        findings.accept(new Finding(EntityKind.IP_ADDRESS, v4.start(), v4.end()));
      }
    }
    var v6 = V6.matcher(text);
    while (v6.find()) {
      if (isV6(v6.group())) {
        findings.accept(new Finding(EntityKind.IP_ADDRESS, v6.start(), v6.end()));
      }
    }
  }

  private static boolean isV4(String... octets) {
    for (var octet : octets) {
      if (octet.length() > 1 && octet.startsWith("0") || Integer.parseInt(octet) > OCTET) {
        return false;
      }
    }
    int first = Integer.parseInt(octets[0]);
    return first != 0 && first != 127 && first != OCTET;
  }

  private static boolean isVersion(String text, int start) {
    return VERSION_BEFORE.matcher(text.substring(Math.max(0, start - 16), start)).find();
  }

  private static boolean isV6(String text) {
    int gap = text.indexOf("::");
    if (gap != text.lastIndexOf("::") || text.contains(":::")) {
      return false;
    }
    if (text.endsWith(":") && !text.endsWith("::") || text.startsWith(":") && gap != 0) {
      return false;
    }
    int groups = 0;
    int digits = 0;
    for (var group : text.split(":")) {
      groups += group.isEmpty() ? 0 : group.contains(".") ? 2 : 1;
      digits += (int) group.chars().filter(Character::isDigit).count();
    }
    return gap < 0 ? groups == V6_GROUPS : groups >= 3 && groups < V6_GROUPS && digits >= 2;
  }
}
