/** What all APIs share: ids as records, pages, errors, strict reading of JSON, bounds of fields. */
package dev.threadmill.api;
