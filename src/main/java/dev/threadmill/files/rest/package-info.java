/** The API of files and uploads. */
package dev.threadmill.files.rest;
