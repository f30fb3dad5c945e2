/** Measures how well personal data is found. */
package dev.threadmill.lab.privacy;
