package dev.threadmill.privacy.detect;

import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keys and tokens of known forms, private keys in PEM, passwords in addresses, and values that the
 * words before them call a password, key or token.
 */
final class SecretDetector implements Detector {
  /** The most characters of a private key. */
  static final int MAX_KEY = 8_192;

  static final String KEY_START = "-----BEGIN ";

  private static final Pattern KNOWN =
      Pattern.compile(
          "(?<![A-Za-z0-9_-])(?:"
              + "sk-[A-Za-z0-9_-]{16,250}"
              + "|(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}"
              + "|gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255}"
              + "|glpat-[A-Za-z0-9_-]{20,64}"
              + "|xox[abeprs]-[A-Za-z0-9-]{10,250}|xapp-[A-Za-z0-9-]{20,250}"
              + "|AIza[0-9A-Za-z_-]{35}|ya29\\.[0-9A-Za-z_-]{20,250}|GOCSPX-[A-Za-z0-9_-]{20,40}"
              + "|SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}"
              + "|[srp]k_(?:live|test)_[0-9a-zA-Z]{16,250}|whsec_[A-Za-z0-9+/=]{24,100}"
              + "|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,250}|hf_[A-Za-z0-9]{30,40}"
              + "|do[opr]_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"
              + "|key-[0-9a-f]{32}|AGE-SECRET-KEY-1[0-9A-Z]{50,64}"
              + "|eyJ[A-Za-z0-9_-]{8,4000}\\.eyJ[A-Za-z0-9_-]{8,4000}\\.[A-Za-z0-9_-]{0,2000}"
              + ")(?![A-Za-z0-9])");

  private static final Pattern PEM =
      Pattern.compile("-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----");

  private static final Pattern IN_ADDRESS =
      Pattern.compile("[a-zA-Z][a-zA-Z0-9+]{1,20}://[^\\s/:@?#]{0,64}:([^\\s/@?#]{1,128})@");

  /** A word for a secret, something that says that its value follows, and the value. */
  private static final Pattern NAMED =
      Pattern.compile(
          "(?i)(?<![\\p{L}])(?:[\\p{L}\\p{N}]{1,24}[_-]){0,3}(?:pass(?:word|phrase|wd|code)?|pwd|secret(?:[ _-]?key)?|(?:api|access|auth|private|encryption)[ _-]?(?:key|token)"
              + "|bearer|token|pin code|passwort|kennwort|geheimnis|schlüssel|mot de passe|clé (?:api|secrète)|contraseña|clave|senha|chave|hasło|klucz"
              + "|wachtwoord|sleutel|lösenord|nyckel|пароль|ключ|şifre(?:m)?|parola(?: d'ordine)?|パスワード|暗証番号|密码|密钥|पासवर्ड|비밀번호)"
              + "(?:[\"'`*]{0,3}\\s{0,2}(?:[:=：]|->|=>)\\s{0,3}|[\"'`]?\\s{1,2}(?:is|ist|lautet|est|es|è|é|to|jest|är|это|:)\\s{1,2}[:]?|は\\s?|是\\s?|है\\s?)"
              + "[\"'`*]{0,3}([^\\s\"'`<>]{4,200})");

  private static final Pattern BEARER =
      Pattern.compile("(?i)\\b(?:bearer|basic)\\s{1,2}([A-Za-z0-9._~+/=-]{16,4000})");

  private static final int MIN_MIXED = 6;
  private static final int MIN_PLAIN = 16;

  @Override
  public void find(String text, Consumer<Finding> findings) {
    each(KNOWN, text, 0, findings);
    each(IN_ADDRESS, text, 1, findings);
    each(BEARER, text, 1, findings);
    findKeys(text, findings);
    var named = NAMED.matcher(text);
    while (named.find()) {
      int end = trimmed(text, named.start(1), named.end(1));
      if (looksSecret(text.substring(named.start(1), end))) {
        findings.accept(new Finding(EntityKind.SECRET, named.start(1), end));
      }
    }
  }

  private static void each(Pattern form, String text, int group, Consumer<Finding> findings) {
    Matcher found = form.matcher(text);
    while (found.find()) {
      if (group == 0 || !isHarmless(found.group(group))) {
        findings.accept(new Finding(EntityKind.SECRET, found.start(group), found.end(group)));
      }
    }
  }

  private static void findKeys(String text, Consumer<Finding> findings) {
    var start = PEM.matcher(text);
    int from = 0;
    while (from < text.length() && start.find(from)) {
      int footer = text.indexOf("-----END ", start.end());
      int close = footer < 0 ? -1 : text.indexOf("-----", footer + 9);
      boolean isWhole = close >= 0 && close - start.start() <= MAX_KEY;
      int end = isWhole ? close + 5 : Math.min(text.length(), start.start() + MAX_KEY);
      findings.accept(new Finding(EntityKind.SECRET, start.start(), end));
      from = end;
    }
  }

  /** Without the punctuation of the sentence. */
  private static int trimmed(String text, int from, int to) {
    int end = to;
    while (end > from + 1 && ".,;:!?)]}。、，".indexOf(text.charAt(end - 1)) >= 0) {
      end--;
    }
    return end;
  }

  /** A value of letters of one case is a word of the sentence. */
  private static boolean looksSecret(String value) {
    if (isHarmless(value)) {
      return false;
    }
    boolean digit = value.chars().anyMatch(Character::isDigit);
    boolean lower = value.chars().anyMatch(Character::isLowerCase);
    boolean upper = value.substring(1).chars().anyMatch(Character::isUpperCase);
    boolean sign = value.chars().anyMatch(c -> "!@#$%^&*+=?~|".indexOf(c) >= 0);
    int classes = (digit ? 1 : 0) + (lower ? 1 : 0) + (upper ? 1 : 0) + (sign ? 1 : 0);
    return classes >= 2 && value.length() >= MIN_MIXED
        || digit && (value.length() >= MIN_MIXED || value.chars().allMatch(Character::isDigit))
        || value.length() >= MIN_PLAIN
            && value.chars().distinct().count() > 9
            && !value.contains("-")
            && !value.contains("/");
  }

  private static boolean isHarmless(String value) {
    return value.startsWith("[")
        || value.startsWith("{")
        || value.startsWith("$")
        || value.startsWith("http")
        || value.chars().distinct().count() < 3
        || value.indexOf('(') > 0;
  }
}
