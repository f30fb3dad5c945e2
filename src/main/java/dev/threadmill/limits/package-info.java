/**
 * Limits of projects and API keys: rates, concurrent runs, and budgets that are never exceeded.
 * Without limits there is no cost.
 */
package dev.threadmill.limits;
