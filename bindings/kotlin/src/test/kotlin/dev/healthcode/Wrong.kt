package dev.healthcode

import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

/** Asserts that a call names this field as wrong, for this reason. */
internal suspend fun assertWrong(
    field: String,
    reason: String,
    call: suspend () -> Unit,
) {
    val error = assertFailsWith<HealthcodeException.InvalidField> { call() }
    assertEquals(field to reason, error.field to error.reason)
}
