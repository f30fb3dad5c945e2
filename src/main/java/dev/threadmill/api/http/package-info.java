/**
 * Receives HTTP requests: bounds of bodies and headers, JSON bodies, errors as responses, and the
 * paths of other versions of the API.
 */
package dev.threadmill.api.http;
