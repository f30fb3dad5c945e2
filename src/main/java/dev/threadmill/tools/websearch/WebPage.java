package dev.threadmill.tools.websearch;

/**
 * A page that a search has found.
 *
 * @param url http or https
 * @param title the address if it has none
 * @param snippet what it says about the query; may be empty
 * @param published when, as the search server writes it; null if it does not say
 */
record WebPage(String url, String title, String snippet, String published) {}
