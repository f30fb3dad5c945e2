/**
 * Language models behind one interface: requests, deltas, responses, errors, token counts. Each
 * provider has a sub-package.
 */
package dev.threadmill.models;
