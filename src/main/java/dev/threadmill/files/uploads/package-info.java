/** Uploads: files that are received in parts. */
package dev.threadmill.files.uploads;
