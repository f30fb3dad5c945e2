package dev.threadmill.search;

import java.util.Set;

/** English words that are too common to be searched for, in lower case. */
final class EnglishStopSet {
  // Contractions are split at the apostrophe before they are looked up.
  private static final Set<String> WORDS =
      Set.of(
          """
          a an the and or but if then so of to in on at by for with from as is are was were be been
          being am do does did done doing have has had having i me my mine myself you your yours we
          us our ours he him his she her hers it its they them their theirs this that these those
          there here what which who whom whose when where why how not no nor can could will would
          shall should may might must just about into over out up down than too very all any some
          such only own same other more most s t re ve ll d m didn doesn don isn wasn weren aren
          hasn haven hadn won wouldn couldn shouldn get got also
          """
              .strip()
              .split("\\s+"));

  private EnglishStopSet() {}

  static boolean contains(String word) {
    return WORDS.contains(word);
  }
}
