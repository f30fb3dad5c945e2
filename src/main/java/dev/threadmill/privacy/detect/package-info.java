/** Finds personal data in text: pure functions, linear in the length of the text. */
package dev.threadmill.privacy.detect;
