/** How many calls of a model are made at once while its provider limits their rate. */
package dev.threadmill.models.pace;
