/**
 * Files of projects: their rows, the references to them, their expiry. {@code storage} keeps the
 * bytes, {@code extraction} reads the text, {@code chunks} cuts it, {@code rest} is the API.
 */
package dev.threadmill.files;
