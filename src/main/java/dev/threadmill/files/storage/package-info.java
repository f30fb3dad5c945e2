/** Keeps the bytes of files, in a folder or in a bucket of S3. */
package dev.threadmill.files.storage;
