package dev.threadmill.search;

import java.util.HashMap;
import java.util.Map;

/** Words whose forms no rule joins. */
final class IrregularForms {
  private static final String FORMS =
      """
      go went gone going
      buy bought
      bring brought
      think thought
      teach taught
      catch caught
      meet met
      get got gotten
      tell told
      say said
      give gave given
      take took taken
      make made
      come came
      see saw seen
      find found
      leave left
      lose lost
      pay paid
      sell sold
      send sent
      spend spent
      sleep slept
      keep kept
      feel felt
      fall fell fallen
      break broke broken
      speak spoke spoken
      write wrote written
      drive drove driven
      ride rode ridden
      eat ate eaten
      drink drank drunk
      swim swam swum
      run ran
      sing sang sung
      begin began begun
      ring rang rung
      grow grew grown
      know knew known
      fly flew flown
      throw threw thrown
      draw drew drawn
      wear wore worn
      win won
      hear heard
      build built
      lead led
      hold held
      stand stood
      sit sat
      forget forgot forgotten
      choose chose chosen
      steal stole stolen
      wake woke woken
      child children kid
      woman women
      man men
      person people
      wife wives
      tooth teeth
      foot feet
      mouse mice
      mother mom mum mommy
      father dad daddy
      """;

  private IrregularForms() {}

  /** From each form to the first of its line. */
  static Map<String, String> read() {
    var forms = new HashMap<String, String>();
    FORMS
        .lines()
        .map(line -> line.split(" "))
        .forEach(
            words -> {
              for (int i = 1; i < words.length; i++) {
                forms.put(words[i], words[0]);
              }
            });
    return Map.copyOf(forms);
  }
}
